package ledger

import (
	"encoding/binary"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// The plain text inside a sealed blob is a list of fields: tag byte, length as
// a varint, bytes. Empty fields are left out, unknown tags are kept aside, so
// that an older program reads a newer record. It is several times faster than
// JSON, which counts when a search opens a whole community.
const (
	tagName        = 1
	tagSex         = 2
	tagBirth       = 3
	tagIDNo        = 4
	tagPassport    = 5
	tagPhone       = 6 // repeated
	tagLandline    = 7
	tagRelation    = 8
	tagRegAddress  = 9
	tagLiveAddress = 10
	tagWork        = 11
	tagNote        = 12
	tagNickname    = 13
	tagSource      = 14
	tagAccount     = 15
	tagPost        = 16
	tagImport      = 17
)

func putText(b []byte, tag byte, s string) []byte {
	if s == "" {
		return b
	}
	b = append(b, tag)
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func putID(b []byte, tag byte, v id.ID) []byte {
	if v == id.Zero {
		return b
	}
	b = append(b, tag, 8)
	return binary.BigEndian.AppendUint64(b, uint64(v))
}

func putOrigin(b []byte, o Origin) []byte {
	b = putText(b, tagSource, o.Source)
	b = putID(b, tagAccount, o.AccountID)
	b = putID(b, tagPost, o.PostID)
	return putID(b, tagImport, o.ImportID)
}

func appendPerson(b []byte, p *Person) []byte {
	b = putText(b, tagName, p.Name)
	b = putText(b, tagSex, string(p.Sex))
	b = putText(b, tagBirth, p.Birth)
	b = putText(b, tagIDNo, p.IDNo)
	b = putText(b, tagPassport, p.Passport)
	for _, ph := range p.Phones {
		b = putText(b, tagPhone, ph)
	}
	b = putText(b, tagLandline, p.Landline)
	b = putText(b, tagRelation, p.Relation)
	b = putText(b, tagRegAddress, p.RegAddress)
	b = putText(b, tagLiveAddress, p.LiveAddress)
	b = putText(b, tagWork, p.Work)
	b = putText(b, tagNote, p.Note)
	return putOrigin(b, p.Origin)
}

func appendHousehold(b []byte, h *Household) []byte {
	b = putText(b, tagNickname, h.Nickname)
	b = putText(b, tagNote, h.Note)
	return putOrigin(b, h.Origin)
}

// eachField calls fn for each field; a damaged list is an Internal error.
func eachField(b []byte, fn func(tag byte, v []byte)) error {
	for len(b) > 0 {
		tag := b[0]
		n, w := binary.Uvarint(b[1:])
		if w <= 0 || n > uint64(len(b)-1-w) {
			return errs.E("ledger.decode", errs.Internal, "seal.damaged")
		}
		b = b[1+w:]
		fn(tag, b[:n])
		b = b[n:]
	}
	return nil
}

func getID(v []byte) id.ID {
	if len(v) != 8 {
		return id.Zero
	}
	return id.ID(binary.BigEndian.Uint64(v))
}

func (o *Origin) take(tag byte, v []byte) {
	switch tag {
	case tagSource:
		o.Source = string(v)
	case tagAccount:
		o.AccountID = getID(v)
	case tagPost:
		o.PostID = getID(v)
	case tagImport:
		o.ImportID = getID(v)
	}
}

func decodePerson(b []byte, p *Person) error {
	return eachField(b, func(tag byte, v []byte) {
		switch tag {
		case tagName:
			p.Name = string(v)
		case tagSex:
			p.Sex = Sex(v)
		case tagBirth:
			p.Birth = string(v)
		case tagIDNo:
			p.IDNo = string(v)
		case tagPassport:
			p.Passport = string(v)
		case tagPhone:
			p.Phones = append(p.Phones, string(v))
		case tagLandline:
			p.Landline = string(v)
		case tagRelation:
			p.Relation = string(v)
		case tagRegAddress:
			p.RegAddress = string(v)
		case tagLiveAddress:
			p.LiveAddress = string(v)
		case tagWork:
			p.Work = string(v)
		case tagNote:
			p.Note = string(v)
		default:
			p.Origin.take(tag, v)
		}
	})
}

func decodeHousehold(b []byte, h *Household) error {
	return eachField(b, func(tag byte, v []byte) {
		switch tag {
		case tagNickname:
			h.Nickname = string(v)
		case tagNote:
			h.Note = string(v)
		default:
			h.Origin.take(tag, v)
		}
	})
}
