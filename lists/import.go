package lists

// ImportOptions say what becomes of a table's rows.
type ImportOptions struct {
	List        string            // the list that the contacts go on; made if it is not there
	Map         map[string]string // field to column name, where the headers do not say it
	Consent     string            // the words that everyone in the table agreed to, "" if not known
	Region      string            // country of numbers without a country code, "" means KR
	Language    string            // of new contacts whose row names none, "" leaves it open
	DryRun      bool              // report, and change nothing
	MaxRejected int               // how many rejections the report keeps, 0 means all
}

// A Report says what an import did. Records is the sum of Accepted, Duplicates
// and RejectedRows; Accepted that of New and Updated.
type Report struct {
	Records    int               `json:"records"`    // rows read
	Accepted   int               `json:"accepted"`   // contacts that the table put on the list
	New        int               `json:"new"`        // of these, not known before
	Updated    int               `json:"updated"`    // of these, known before
	Duplicates int               `json:"duplicates"` // rows of a contact that an earlier row had put on the list; what they add is kept
	Suppressed int               `json:"suppressed"` // accepted contacts with an address that must not be written to
	Rejected   []Rejected        `json:"rejected"`   // what was left out, row by row
	Encoding   string            `json:"encoding"`
	Delimiter  string            `json:"delimiter"`
	Columns    map[string]string `json:"columns"` // field to the column it was read from
	Seconds    float64           `json:"seconds"`

	RejectedRows int    `json:"-"` // rows that were left out whole
	Who          []byte `json:"-"` // bitmap of the accepted contacts, in Redis's bit order
}

// Rejected is one value that was left out. The row was imported without it,
// unless it has no usable address at all: then it has an entry for each of its
// addresses, or one with no field. Value is for the person importing alone.
type Rejected struct {
	Row    int    `json:"row"` // line of the file on which the row starts, from 1: the header's is 1
	Field  string `json:"field"`
	Value  string `json:"value"`
	Reason string `json:"reason"` // address.Error's, or one of the constants below
}

// Why a value is left out, beside the reasons of package address.
const (
	NoUsableAddress = "no_usable_address" // the row has no email address, mobile or fax number that can be used
	UnknownLanguage = "unknown_language"  // it is no language that is known
	UnknownZone     = "unknown_time_zone" // it is no IANA time zone
	UnknownDate     = "unknown_date"      // it is no date
)
