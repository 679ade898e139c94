"""Why a connection failed, as a person would say it."""

import pytest

from adapters.plainly import plainly

REFUSED = (
    "HTTPSConnectionPool(host='gpu1-bmc', port=443): Max retries exceeded with url: /redfish/v1 (Caused by "
    "NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: "
    "[Errno 111] Connection refused'))"
)
UNTRUSTED = (
    "HTTPSConnectionPool(host='a', port=1): Max retries (Caused by SSLError(SSLCertVerificationError(1, '[SSL: "
    "CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)')))"
)
CUT = "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        (REFUSED, "Connection refused"),
        (UNTRUSTED, "certificate verify failed: self-signed certificate"),
        (CUT, "the connection was cut"),
        ("HTTPConnectionPool(host='a', port=1): Read timed out. (read timeout=20)", "no answer in time"),
        ("HTTPSConnectionPool(host='a', port=1): Max retries exceeded with url: /", "Max retries exceeded with url: /"),
        ("some words", "some words"),
        ("", "no connection"),
    ],
)
def test_no_name_of_a_class_reaches_a_person(said: str, plain: str) -> None:
    """Whoever is woken reads what happened, and not where in a library it did."""
    assert plainly(OSError(said)) == plain
