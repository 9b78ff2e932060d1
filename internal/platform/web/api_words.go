package web

import (
	"regexp"
	"strconv"

	"wangge/internal/platform/i18n"
)

// libraryWord says which of our messages stands for a complaint of the API
// library; what its expression captures are the message's arguments.
type libraryWord struct {
	as  *regexp.Regexp
	key string
}

var missingProperty = regexp.MustCompile(`^expected required property (\S+) to be present$`)

var libraryWords = []libraryWord{
	{regexp.MustCompile(`^validation failed$`), "web.problem.invalid.why"},
	{regexp.MustCompile(`^request body is required$`), "web.input.body"},
	{regexp.MustCompile(`^request body read timeout$`), "web.input.slow"},
	{regexp.MustCompile(`^cannot read request body$`), "web.input.cut"},
	{regexp.MustCompile(`^unknown content type`), "web.input.content_type"},
	{missingProperty, "web.input.missing"},
	{regexp.MustCompile(`^required \S+ parameter is missing$`), "web.input.missing_parameter"},
	{regexp.MustCompile(`^unexpected property$`), "web.input.unknown"},
	{regexp.MustCompile(`^expected number >=? ?(\S+)$`), "web.input.at_least"},
	{regexp.MustCompile(`^expected number <=? ?(\S+)$`), "web.input.at_most"},
	{regexp.MustCompile(`^expected length >= (\d+)$`), "web.input.short"},
	{regexp.MustCompile(`^expected length <= (\d+)$`), "web.input.long"},
	{regexp.MustCompile(`^expected array length >= (\d+)$`), "web.input.few"},
	{regexp.MustCompile(`^expected array length <= (\d+)$`), "web.input.many"},
	{regexp.MustCompile(`^expected value to be one of "(.*)"$`), "web.input.one_of"},
	{regexp.MustCompile(`^expected (boolean|number|integer|string|array|object)$`), "web.input.type"},
	{regexp.MustCompile(`^(invalid character|unexpected end of JSON|unexpected EOF|json:)`), "web.input.json"},
	{regexp.MustCompile(`is not an identifier$`), "web.input.id"},
}

var tooLarge = regexp.MustCompile(`^request body is too large limit=(\d+) bytes$`)

// libraryText turns a complaint of the API library into the caller's language.
// What it is not prepared for reads "does not fit" rather than English.
func libraryText(lang, msg string) string {
	if m := tooLarge.FindStringSubmatch(msg); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err == nil {
			return i18n.T(lang, "web.error.too_large", n/1024)
		}
	}
	for _, w := range libraryWords {
		if m := w.as.FindStringSubmatch(msg); m != nil {
			args := make([]any, len(m)-1)
			for i, a := range m[1:] {
				args[i] = a
			}
			return i18n.T(lang, w.key, args...)
		}
	}
	return i18n.T(lang, "web.form.bad")
}

// missingField names the field that is missing, where the library names only
// what it is missing from.
func missingField(location, msg string) string {
	if m := missingProperty.FindStringSubmatch(msg); m != nil {
		return location + "." + m[1]
	}
	return location
}
