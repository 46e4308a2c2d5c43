package receiver

import (
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Verify gives an error if the request is not from SocialHook.
func Verify(secret string, rawBody []byte, headers http.Header) error {
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return err
	}
	return webhook.Verify(rawBody, headers)
}
