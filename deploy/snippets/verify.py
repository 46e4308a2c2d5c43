from standardwebhooks import Webhook


def verify(secret: str, raw_body: bytes, headers: dict) -> dict:
    """Gives the event, or raises if it is not from SocialHook. Header names in lower case."""
    return Webhook(secret).verify(raw_body, headers)
