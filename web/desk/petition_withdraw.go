package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clarion/internal/audit"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/worker"
)

// Letters bring single people what they asked for, at the address that they left.
type Letters interface {
	// Tell sends a letter, once for each id.
	Tell(ctx context.Context, id string, l worker.Letter) error
}

// A Withdrawing says whose signature is taken back for somebody who asks by telephone or
// letter: by the code of the slip, or by number and name.
type Withdrawing struct {
	Code   string `json:"code,omitempty"`
	Number uint32 `json:"number,omitempty"`
	Name   string `json:"name,omitempty"` // as it was signed; blanks and small letters make no difference
}

// Withdrawn is what became of it.
type Withdrawn struct {
	Number uint32 `json:"number"`
	Again  bool   `json:"again"`            // it was withdrawn before
	Letter string `json:"letter,omitempty"` // masked address to which a confirmation goes, none where none was left or none can go
}

// errNobodySigned is said of a number and of a name alike: whoever asks learns of neither.
var errNobodySigned = Mistake("no signature has this number and this name: ask for both as they stand on the slip, or for its code")

// WithdrawFor takes a signature back for its signer, noted first without a name. A
// confirmation goes to the address that they left.
func (d *Desk) WithdrawFor(ctx context.Context, w Withdrawing, note Note) (*Withdrawn, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	s, by, err := d.findSigner(ctx, roll, w)
	if err != nil {
		return nil, err
	}
	if s.Withdrawn {
		return &Withdrawn{Number: s.Number, Again: true}, nil
	}
	if c, err := roll.Certificate(ctx); err != nil {
		return nil, err
	} else if c != nil {
		return nil, petition.ErrPurged
	}
	object := fmt.Sprintf("signature:%s/%d", roll.ID, s.Number)
	if err := note(audit.SignatureWithdrawn, object, map[string]string{"by": by}); err != nil {
		return nil, err
	}
	out := &Withdrawn{Number: s.Number}
	if !s.Contact.IsZero() {
		// The letter is kept first: afterwards nobody knows any more where to send it.
		if out.Letter, err = d.confirmWithdrawn(ctx, s); err != nil {
			return nil, err
		}
		if err := d.news().Leave(ctx, s); err != nil {
			return nil, err
		}
	}
	return out, roll.Withdraw(ctx, s.Number)
}

// findSigner is whose signature is meant, and by what that was told: "code" or "name".
func (d *Desk) findSigner(ctx context.Context, roll *petition.Roll, w Withdrawing) (s *petition.Signature, by string, err error) {
	if code := strings.TrimSpace(w.Code); code != "" {
		s, err = roll.Find(ctx, code)
		return s, "code", err
	}
	if w.Number == 0 || strings.TrimSpace(w.Name) == "" {
		return nil, "", Mistake("say which: the code of the slip, or number and name")
	}
	s, err = roll.Read(ctx, w.Number)
	if errors.Is(err, petition.ErrNoSignature) || err == nil && !s.Named(w.Name) {
		err = errNobodySigned
	}
	return s, "name", err
}

// confirmWithdrawn sends a signer the confirmation, and says where it goes; "" where no
// letter can go.
func (d *Desk) confirmWithdrawn(ctx context.Context, s *petition.Signature) (masked string, err error) {
	if d.Letters == nil || !slices.Contains(d.Reach, s.Contact.Channel()) {
		return "", nil
	}
	id := "withdrawn-" + d.Roll.ID + "-" + strconv.FormatUint(uint64(s.Number), 10)
	return s.Contact.String(), d.Letters.Tell(ctx, id, withdrawnLetter(s, d.Roll.Title[s.Language], strings.TrimSuffix(d.Links.Public, "/")+"/sign"))
}

// withdrawnLetter confirms that a signature was withdrawn, and says what to do if nobody
// asked for it.
func withdrawnLetter(s *petition.Signature, title, sign string) worker.Letter {
	l := worker.Letter{To: s.Contact}
	korean := s.Language == "ko"
	switch {
	case s.Contact.Channel() == address.SMS && korean:
		l.Text = fmt.Sprintf("“%s” 서명을 요청대로 철회하고 이름과 연락처를 삭제했습니다. 요청하지 않으셨다면 다시 서명하실 수 있습니다: %s", title, sign)
	case s.Contact.Channel() == address.SMS:
		l.Text = fmt.Sprintf("As asked, your signature for “%s” is withdrawn, your name and number deleted. If you did not ask, you can sign anew: %s", title, sign)
	case korean:
		l.Subject = "서명을 철회했습니다: " + title
		l.Text = fmt.Sprintf("요청하신 대로 “%s” 서명을 철회했습니다. 이름과 연락처를 삭제했고, 이 서명은 더 이상 세지 않습니다.\n\n철회를 요청하지 않으셨다면 아래에서 다시 서명하실 수 있습니다.\n\n%s\n", title, sign)
	default:
		l.Subject = "Your signature is withdrawn: " + title
		l.Text = fmt.Sprintf("As you asked, your signature for “%s” is withdrawn. Your name and address are deleted, and it counts nowhere any more.\n\nIf you did not ask for this, you can sign anew here:\n\n%s\n", title, sign)
	}
	return l
}
