import { Webhook } from "standardwebhooks";

// Gives the event, or throws if it is not from SocialHook. `headers` by their names in lower case.
export function verify(secret, rawBody, headers) {
  return new Webhook(secret).verify(rawBody, headers);
}
