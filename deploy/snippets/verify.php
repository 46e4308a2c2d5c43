<?php

use StandardWebhooks\Webhook;

/** Gives the event, or throws if it is not from SocialHook. Header names in lower case. */
function verify(string $secret, string $rawBody, array $headers): array
{
    return (new Webhook($secret))->verify($rawBody, $headers);
}
