package petition

import (
	_ "embed"

	"github.com/redis/go-redis/v9"

	"clarion/internal/rkey"
)

// All keys of a petition share its slot, so that a change of a signature and of the
// counters is one script, also in a Cluster.
var (
	keyCame = rkey.Key{Pattern: "{petition}:came:<volunteer>", Type: rkey.Hash, Expiry: "kept", Doc: "how many people came by a volunteer's link or code, by day; never who"}

	keyLast        = rkey.Key{Pattern: "{petition:<id>}:last", Type: rkey.String, Expiry: "kept", Doc: "the last number of a signature; none is left out"}
	keyState       = rkey.Key{Pattern: "{petition:<id>}:state:<bucket>", Type: rkey.Hash, Expiry: "kept", Doc: "how each signature stands, a hundred a bucket: way, stage, flags, time, day, volunteer, bulk, region; never who"}
	keyRecord      = rkey.Key{Pattern: "{petition:<id>}:record:<bucket>", Type: rkey.Hash, Expiry: "until withdrawn, or the purge", Personal: true, Doc: "records of signers, sealed, a hundred a bucket"}
	keyPerson      = rkey.Key{Pattern: "{petition:<id>}:person:<bucket>", Type: rkey.Hash, Expiry: "until withdrawn, or the purge", Personal: true, Doc: "each signature's keyed hashes, of name and contact and of name, region and district"}
	keySame        = rkey.Key{Pattern: "{petition:<id>}:same", Type: rkey.Hash, Expiry: "until the purge", Personal: true, Doc: "keyed hash of name and contact, or of the form that was sent, to the signature"}
	keyAlike       = rkey.Key{Pattern: "{petition:<id>}:alike", Type: rkey.Hash, Expiry: "until the purge", Personal: true, Doc: "keyed hash of name, region and district to how many certain signatures have it, by way"}
	keyStanding    = rkey.Key{Pattern: "{petition:<id>}:standing", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the certain signatures, those that are confirmed, not withdrawn and not invalid"}
	keyCounts      = rkey.Key{Pattern: "{petition:<id>}:counts", Type: rkey.Hash, Expiry: "kept", Doc: "counters: of signatures by state and way, stage and region; of groups that are alike; of sheets"}
	keyDays        = rkey.Key{Pattern: "{petition:<id>}:days", Type: rkey.Hash, Expiry: "kept", Doc: "certain signatures by day and way"}
	keySigned      = rkey.Key{Pattern: "{petition:<id>}:signed", Type: rkey.Hash, Expiry: "kept", Doc: "certain signatures by the volunteer that they came by"}
	keyLeaf        = rkey.Key{Pattern: "{petition:<id>}:leaf:<bucket>", Type: rkey.Hash, Expiry: "kept", Doc: "each signature's leaf in the tree and keyed hash of its salt, a hundred a bucket"}
	keyWords       = rkey.Key{Pattern: "{petition:<id>}:words", Type: rkey.Hash, Expiry: "kept", Doc: "words that were agreed to, by version"}
	keySheets      = rkey.Key{Pattern: "{petition:<id>}:sheets", Type: rkey.Hash, Expiry: "kept", Doc: "sheets by number: lines, state, times, counts, box; who counted by number in the team"}
	keyLabels      = rkey.Key{Pattern: "{petition:<id>}:labels", Type: rkey.Hash, Expiry: "until the purge", Personal: true, Doc: "schools and teams that sheets are for, sealed"}
	keyBulks       = rkey.Key{Pattern: "{petition:<id>}:bulks", Type: rkey.Hash, Expiry: "kept", Doc: "what was made invalid together: reason, by whom, when, which"}
	keyRestored    = rkey.Key{Pattern: "{petition:<id>}:restored", Type: rkey.Set, Expiry: "kept", Doc: "bulks that were undone"}
	keyPending     = rkey.Key{Pattern: "{petition:<id>}:pending", Type: rkey.Set, Expiry: "until done", Doc: "bulks of which not all is done yet"}
	keyRoots       = rkey.Key{Pattern: "{petition:<id>}:roots", Type: rkey.List, Expiry: "kept", Doc: "the roots that were published, a night each, appended to alone"}
	keyTree        = rkey.Key{Pattern: "{petition:<id>}:tree:<day>", Type: rkey.String, Expiry: "7 nights", Doc: "the hashes of a night's tree, level by level"}
	keyNight       = rkey.Key{Pattern: "{petition:<id>}:night:<day>", Type: rkey.String, Expiry: "7 nights", Doc: "bitmap: the signatures in a night's tree"}
	keyWaiting     = rkey.Key{Pattern: "{petition:<id>}:waiting", Type: rkey.Hash, Expiry: "until settled, or the purge", Personal: true, Doc: "what waits for a person, sealed: faxes, and replies in which no name could be read; how many signatures were entered from each"}
	keyFax         = rkey.Key{Pattern: "{petition:<id>}:fax:<waiting>", Type: rkey.String, Expiry: "until settled, or the purge", Personal: true, Doc: "the pages of a fax that waits, sealed"}
	keyFaxBytes    = rkey.Key{Pattern: "{petition:<id>}:fax-bytes", Type: rkey.String, Expiry: "until the purge", Doc: "how many bytes the faxes that wait have together"}
	keySettled     = rkey.Key{Pattern: "{petition:<id>}:settled", Type: rkey.Hash, Expiry: "until the purge", Personal: true, Doc: "what a person made of each that waited, by its keyed hash: it is known when it comes again"}
	keyAsked       = rkey.Key{Pattern: "{petition:<id>}:asked:<day>", Type: rkey.Hash, Expiry: "14 days, or the purge", Personal: true, Doc: "who replied with their name and was asked what a signer must agree to, sealed; the last one of each address by its keyed hash"}
	keyCertificate = rkey.Key{Pattern: "{petition:<id>}:certificate", Type: rkey.String, Expiry: "kept", Doc: "that the names are deleted, or are being: from then on nothing changes"}
)

// keyAnswer stands apart from the others, since it may change after the purge.
var keyAnswer = rkey.Key{Pattern: "{petition:<id>}:answer", Type: rkey.Hash, Expiry: "kept", Doc: "what the addressee answered: when, and its words by language; it names nobody"}

var (
	keyFurther  = rkey.Key{Pattern: "{petition}:further:<volunteer>", Type: rkey.Hash, Expiry: "kept", Doc: "how many of those who came by a volunteer came by others who had, by generation from 2; never who"}
	keyNumbers  = rkey.Key{Pattern: "{petition}:numbers", Type: rkey.Hash, Expiry: "until taken back", Personal: true, Doc: "mobile numbers that volunteers left to be asked for sheets at, sealed"}
	keyAskedFor = rkey.Key{Pattern: "{petition:<id>}:asked_for", Type: rkey.Hash, Expiry: "kept", Doc: "late sheets whose return was asked for, with the day by which they were due then"}
)

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key {
	return []rkey.Key{keyCame, keyLast, keyState, keyRecord, keyPerson, keySame, keyAlike, keyStanding, keyCounts, keyDays, keySigned,
		keyLeaf, keyWords, keySheets, keyLabels, keyWaiting, keyFax, keyFaxBytes, keySettled, keyAsked,
		keyBulks, keyRestored, keyPending, keyRoots, keyTree, keyNight, keyCertificate, keyAnswer, keyNumbers, keyAskedFor, keyFurther}
}

const bucketSize = 100 // signatures a bucket: small enough for a listpack (FIGURES: memory)

var (
	//go:embed lua/common.lua
	luaCommon string
	//go:embed lua/add.lua
	luaAdd string
	//go:embed lua/change.lua
	luaChange string
	//go:embed sheets.lua
	luaSheets string
	//go:embed publish.lua
	luaPublish string
	//go:embed bulk.lua
	luaBulk string
	//go:embed certify.lua
	luaCertify string
	//go:embed keep.lua
	luaKeep string
	//go:embed settle.lua
	luaSettle string
	//go:embed ask.lua
	luaAsk string

	addScript     = redis.NewScript(luaCommon + luaAdd)
	changeScript  = redis.NewScript(luaCommon + luaChange)
	sheetsScript  = redis.NewScript(luaSheets)
	publishScript = redis.NewScript(luaPublish)
	bulkScript    = redis.NewScript(luaBulk)
	certifyScript = redis.NewScript(luaCertify)
	keepScript    = redis.NewScript(luaKeep)
	settleScript  = redis.NewScript(luaSettle)
	askScript     = redis.NewScript(luaAsk)
)

// changeKeys are those of lua/common.lua.
func (r *Roll) changeKeys(bucket uint32) []string {
	id := r.ID
	return []string{keyCertificate.Name(id), keyCounts.Name(id), keyDays.Name(id), keySigned.Name(id), keyStanding.Name(id), keyAlike.Name(id), keySame.Name(id),
		keyState.Name(id, bucket), keyPerson.Name(id, bucket), keyRecord.Name(id, bucket), keyRestored.Name(id)}
}
