package lists

import (
	"clarion/internal/rkey"
	"clarion/lists/address"
)

// All keys share the slot {aud}: a suppression and the bitmaps that it changes
// are then one script, also in a Cluster. Bitmaps are in Redis's bit order: the
// bit of contact n is bit 7-n%8 of byte n/8.
var (
	keyCheck       = rkey.Key{Pattern: "{aud}:check", Type: rkey.String, Expiry: "kept", Doc: "tells the key file apart from others, so that a wrong one is refused"}
	keyNext        = rkey.Key{Pattern: "{aud}:next", Type: rkey.String, Expiry: "kept", Doc: "the last contact number given out; numbers are never used again"}
	keyWords       = rkey.Key{Pattern: "{aud}:words", Type: rkey.Hash, Expiry: "kept", Doc: "texts that many records share (consent wording, field names), sealed, by number"}
	keyContact     = rkey.Key{Pattern: "{aud}:contact:<bucket>", Type: rkey.Hash, Expiry: "until erased", Personal: true, Doc: "contact records, sealed, a hundred a bucket: number % 100 to record"}
	keyAddress     = rkey.Key{Pattern: "{aud}:address:<bucket>", Type: rkey.Hash, Expiry: "until erased", Personal: true, Doc: "address index: 8 bytes of a keyed hash to the numbers of the contacts that have the address"}
	keySuppression = rkey.Key{Pattern: "{aud}:suppression:<channel>", Type: rkey.Hash, Expiry: "kept; outlives the contact", Personal: true, Doc: "keyed hash of an address to why it must not be written to"}
	keyRun         = rkey.Key{Pattern: "{aud}:run:<channel>", Type: rkey.Hash, Expiry: "until a message arrives", Personal: true, Doc: "keyed hash of an address to the calls in a row that failed there: since, how many, the last"}
	keyLists       = rkey.Key{Pattern: "{aud}:lists", Type: rkey.Set, Expiry: "kept", Doc: "names of the lists"}
	keyTags        = rkey.Key{Pattern: "{aud}:tags", Type: rkey.Set, Expiry: "kept", Doc: "names of the tags"}
	keyLanguages   = rkey.Key{Pattern: "{aud}:languages", Type: rkey.Set, Expiry: "kept", Doc: "codes of the languages"}
	keyList        = rkey.Key{Pattern: "{aud}:list:<name>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the contacts on a list"}
	keyTag         = rkey.Key{Pattern: "{aud}:tag:<name>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the contacts with a tag"}
	keyLanguage    = rkey.Key{Pattern: "{aud}:language:<code>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the contacts with a language"}
	keyHas         = rkey.Key{Pattern: "{aud}:has:<channel>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the contacts with an address on the channel"}
	keyConsent     = rkey.Key{Pattern: "{aud}:consent:<channel>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the contacts that did not refuse the channel"}
	keyRecorded    = rkey.Key{Pattern: "{aud}:recorded:<channel>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the contacts whose consent for the channel is on record"}
	keyOut         = rkey.Key{Pattern: "{aud}:out:<channel>:<reason>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the contacts whose address on the channel is suppressed for the reason"}
	keyOK          = rkey.Key{Pattern: "{aud}:ok:<channel>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: has AND consent AND NOT out, for any reason: who may be written to"}
	keyShared      = rkey.Key{Pattern: "{aud}:shared:<channel>", Type: rkey.String, Expiry: "kept", Doc: "bitmap: the contacts whose address on the channel another contact has too"}
	keyTmp         = rkey.Key{Pattern: "{aud}:tmp:<token>", Type: rkey.String, Expiry: "a minute", Doc: "bitmap: an audience while it is counted"}
)

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key {
	return []rkey.Key{
		keyCheck, keyNext, keyWords, keyContact, keyAddress, keySuppression, keyRun, keyLists, keyTags, keyLanguages,
		keyList, keyTag, keyLanguage, keyHas, keyConsent, keyRecorded, keyOut, keyOK, keyShared, keyTmp,
	}
}

const bucketSize = 100 // contacts a bucket: small enough for a listpack (FIGURES: memory)

func contactBucket(n uint32) string { return keyContact.Name(n / bucketSize) }

// outKeys are the suppression bitmaps of a channel, in the order of Reasons.
func outKeys(ch address.Channel) []string {
	names := make([]string, len(Reasons))
	for i, r := range Reasons {
		names[i] = keyOut.Name(ch, r)
	}
	return names
}
