package account

import "encoding/base32"

// TOTPAt is the code of a secret in a time step, as an app shows it.
func TOTPAt(secret string, step int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		panic(err)
	}
	return totpAt(key, step)
}
