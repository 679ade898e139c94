"""Self-signed certificates for the management address; each is also the CA that its clients are given."""

import subprocess
from pathlib import Path

from tests.lab.site.layout import Layout


def certify(layout: Layout, certificate: Path, key: Path) -> None:
    subject = ["-subj", "/CN=lab", "-addext", f"subjectAltName=IP:{layout.gateway}"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(["openssl", "req", "-x509", *curve, *subject, *files], check=True, capture_output=True)
