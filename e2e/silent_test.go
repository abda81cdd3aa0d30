package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
)

// silent fails if an address or a name stands in the log of clarion serve or in
// anything in its data folder; said is what must stand there.
func (s *site) silent(c *crowd, said ...string) {
	t := s.t
	t.Helper()
	var secrets []string
	for _, p := range c.people {
		if p.name != "" {
			secrets = append(secrets, p.name)
		}
		for _, spot := range p.spots {
			secrets = append(secrets, spot.address, strings.ReplaceAll(spot.address, "@", "%40"))
			if spot.channel != email {
				secrets = append(secrets, strings.ReplaceAll(spot.address, "-", ""), e164(spot.address)[1:])
			}
		}
	}
	files := []string{s.server.LogPath}
	must(t, filepath.WalkDir(filepath.Join(s.dir, "data"), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}))
	all := ""
	for _, file := range files {
		text := strings.ToLower(s.read(file))
		all += text
		for _, secret := range secrets {
			if at := strings.Index(text, strings.ToLower(secret)); at >= 0 {
				t.Errorf("%s stands in %s: %q", secret, filepath.Base(file), text[max(0, at-100):min(len(text), at+100)])
			}
		}
	}
	// What was searched does hold what it is about.
	for _, word := range append(said, "asynq:{email}", "your signature will be delivered") {
		if !strings.Contains(all, word) {
			t.Errorf("%q stands nowhere: the search looks in the wrong place", word)
		}
	}
}
