package petition

// A Region is where signers live, as totals are told by it.
type Region struct {
	ID      string `toml:"id"` // lower-case letters, digits and '-'
	Korean  string `toml:"ko"`
	English string `toml:"en"`
}

// Name is what the region is called in lang ("ko", else English).
func (r Region) Name(lang string) string { return in(lang, [2]string{r.English, r.Korean}) }

// provinces are the 17 provinces and cities of Korea in the order in which the
// state lists them, and abroad.
var provinces = []Region{
	{"seoul", "서울특별시", "Seoul"}, {"busan", "부산광역시", "Busan"}, {"daegu", "대구광역시", "Daegu"}, {"incheon", "인천광역시", "Incheon"},
	{"gwangju", "광주광역시", "Gwangju"}, {"daejeon", "대전광역시", "Daejeon"}, {"ulsan", "울산광역시", "Ulsan"}, {"sejong", "세종특별자치시", "Sejong"},
	{"gyeonggi", "경기도", "Gyeonggi-do"}, {"gangwon", "강원특별자치도", "Gangwon-do"}, {"chungbuk", "충청북도", "Chungcheongbuk-do"},
	{"chungnam", "충청남도", "Chungcheongnam-do"}, {"jeonbuk", "전북특별자치도", "Jeonbuk-do"}, {"jeonnam", "전라남도", "Jeollanam-do"},
	{"gyeongbuk", "경상북도", "Gyeongsangbuk-do"}, {"gyeongnam", "경상남도", "Gyeongsangnam-do"}, {"jeju", "제주특별자치도", "Jeju-do"},
	{"abroad", "해외", "Abroad"},
}
