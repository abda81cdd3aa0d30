package pdf

import (
	"os"
	"strings"
	"testing"
)

func TestMissingFontsNameThePackage(t *testing.T) {
	t.Parallel()
	if _, err := LoadFonts(t.TempDir()); err == nil || !strings.Contains(err.Error(), "fonts-nanum") {
		t.Errorf("got %v", err)
	}
	dir := t.TempDir()
	blank, err := os.ReadFile(DefaultFontDir + "/NanumSquareR.ttf")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{regularFile, boldFile} {
		if err := os.WriteFile(dir+"/"+name, blank, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadFonts(dir); err == nil || !strings.Contains(err.Error(), "draws nothing") {
		t.Errorf("a font with blank glyphs: got %v", err)
	}
}
