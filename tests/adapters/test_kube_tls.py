"""TLS: whom we do not trust is said to be just that, and a broken line is not a lack of trust."""

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kubernetes.client import ApiClient, Configuration

from adapters.kube.cluster import KubeCluster
from conversion.ports import Denied, Unreachable


def self_signed(folder: Path) -> Path:
    """Write a certificate for 127.0.0.1, with its key, that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(params=["strange", "plain"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server with a certificate that nobody trusts, or with no TLS at all: (kind, address)."""
    served = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    if request.param == "strange":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path))
        served.socket = context.wrap_socket(served.socket, server_side=True)
    served.handle_error = lambda *_: None  # type: ignore[method-assign] # what it thinks of our hanging up is no news
    threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield request.param, f"https://127.0.0.1:{served.server_address[1]}"
    served.shutdown()
    served.server_close()


def test_a_stranger_is_denied_and_a_broken_line_is_tried_again(server: tuple[str, str]) -> None:
    """Nobody's token is sent to a server that cannot prove who it is, and no outage is called a lack of trust."""
    kind, address = server
    client = ApiClient(Configuration(host=address, retries=False, api_key={"BearerToken": "Bearer t"}))
    cluster = KubeCluster(client, timeout=dt.timedelta(seconds=1))
    error, said = (Denied, "TLS trust failed") if kind == "strange" else (Unreachable, "TLS connection broke")
    with pytest.raises(error, match=said):
        cluster.nodes()
    cluster.close()
