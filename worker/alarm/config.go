package alarm

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"clarion/lists/address"
)

// A Config is [alarm] of clarion.toml.
type Config struct {
	Every   time.Duration `toml:"every"`   // how often one of the workers looks; 0: nobody does
	Calm    time.Duration `toml:"calm"`    // an alarm is over when nothing was found of it for so long
	Remind  time.Duration `toml:"remind"`  // after which a critical one that nobody acknowledged is said again
	Notices int           `toml:"notices"` // at most so many an hour to one person
	SMSFrom string        `toml:"sms_from"`
	Person  []Person      `toml:"person"`
	Limits
}

// Limits are from where on something is wrong.
type Limits struct {
	Window          time.Duration `toml:"window"` // what counts as lately
	Least           int           `toml:"least"`  // deliveries within it, before a share of them says anything
	DeliveryBelow   float64       `toml:"delivery_below"`
	BouncesAbove    float64       `toml:"bounces_above"`
	ComplaintsAbove float64       `toml:"complaints_above"`
	GatewayDown     time.Duration `toml:"gateway_down"`
	LaneHeld        time.Duration `toml:"lane_held"`
	Stuck           time.Duration `toml:"stuck"`
	RedisAbove      float64       `toml:"redis_above"`
	RunsOut         time.Duration `toml:"runs_out"`
}

// A Person is one who is told of alarms, at each address that stands here.
type Person struct {
	Name     string `toml:"name"`
	Email    string `toml:"email"`
	Phone    string `toml:"phone"`
	Language string `toml:"language"` // "ko" if empty
	Level    Level  `toml:"level"`    // the least that they are told of; "warning" if empty

	email, phone address.Address
	key          string // what the Book calls them: a keyed hash of both
}

// Check finds what is wrong with the settings, and reads the addresses of the
// people. region is that of numbers without a country.
func (c *Config) Check(region string, wrong func(key, format string, args ...any)) {
	if c.Every < 0 || c.Every > 0 && c.Every < time.Second {
		wrong("every", "every is %s: a second or more is right, or 0s so that nobody looks", c.Every)
	}
	if c.Notices < 1 {
		wrong("notices", "notices is %d: 1 or more an hour is right", c.Notices)
	}
	for key, share := range map[string]float64{"delivery_below": c.DeliveryBelow, "bounces_above": c.BouncesAbove, "complaints_above": c.ComplaintsAbove, "redis_above": c.RedisAbove} {
		if share <= 0 || share >= 1 {
			wrong(key, "%s is %g: a share between 0 and 1 is right, 0.05 for 5 %%", key, share)
		}
	}
	for key, d := range map[string]time.Duration{"calm": c.Calm, "remind": c.Remind, "window": c.Window, "gateway_down": c.GatewayDown, "lane_held": c.LaneHeld, "stuck": c.Stuck, "runs_out": c.RunsOut} {
		if d <= 0 {
			wrong(key, "%s is %s: a time such as 5m is right", key, d)
		}
	}
	for i := range c.Person {
		if why := c.Person[i].read(region, c.SMSFrom); why != "" {
			wrong("person", "person %d: %s", i+1, why)
		}
	}
}

// read reads a person's addresses, and says why they cannot be.
func (p *Person) read(region, smsFrom string) string {
	p.Language, p.Level = cmp.Or(p.Language, "ko"), cmp.Or(p.Level, Warning)
	if p.Language != "ko" && p.Language != "en" {
		return fmt.Sprintf(`language is %q: "ko" or "en" is right`, p.Language)
	}
	if p.Level != Warning && p.Level != Critical {
		return fmt.Sprintf(`level is %q: "warning" or "critical" is right`, p.Level)
	}
	if p.Email == "" && p.Phone == "" {
		return "there is neither email nor phone: nobody could be told"
	}
	var err error
	if p.Email != "" {
		if p.email, err = address.ParseEmail(p.Email); err != nil {
			return fmt.Sprintf("email: %v", err)
		}
	}
	if p.Phone != "" {
		if p.phone, err = address.ParsePhone(p.Phone, region, address.SMS); err != nil {
			return fmt.Sprintf("phone: %v", err)
		}
		if strings.TrimSpace(smsFrom) == "" {
			return "phone is set, and alarm.sms_from is not: it is the number that texts come from"
		}
	}
	return ""
}
