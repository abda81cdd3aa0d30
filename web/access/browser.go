package access

import "strings"

// families are what User-Agent texts name, the most particular first: nearly all
// of them also say Chrome and Safari.
var families = [][2]string{
	{"KAKAOTALK", "KakaoTalk"}, {"Whale/", "Whale"}, {"SamsungBrowser/", "Samsung Internet"}, {"NAVER(", "Naver"}, {"Edg", "Edge"}, {"OPR/", "Opera"},
	{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
}

var systems = [][2]string{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
}

// Browser is the family of a browser and its system, as "Firefox, Windows": what
// a person knows their own by, and no more.
func Browser(userAgent string) string {
	name := func(of [][2]string) string {
		for _, f := range of {
			if strings.Contains(userAgent, f[0]) {
				return f[1]
			}
		}
		return ""
	}
	family, system := name(families), name(systems)
	if family == "" || system == "" {
		return family + system
	}
	return family + ", " + system
}
