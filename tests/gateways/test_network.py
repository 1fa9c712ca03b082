from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conversations import limits
from conversations.gateways.base import ErrorKind
from conversations.wire import FinishReason
from tests.gateway import TestGateway
from tests.gateways.asking import ask_model


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a key and a certificate for 127.0.0.1 that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test gateway")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "gateway.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def test_an_answer_comes_over_tls(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with TestGateway(tls=serving(certificate)) as gateway:
        heard = await ask_model(gateway, "ok")

    assert heard.text == "t0 t1 t2 t3 t4 "
    assert heard.finished.reason is FinishReason.STOP


async def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path):
    with TestGateway(tls=serving(certificate)) as gateway:
        heard = await ask_model(gateway, "ok")

    assert heard.error is not None
    assert heard.error.kind is ErrorKind.UNREACHABLE
    assert "certificate" in heard.error.detail
    assert heard.error.retryable is False
    assert gateway.requests == []


async def test_a_gateway_that_speaks_no_tls_is_not_waited_for(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "GATEWAY_CONNECT_SECONDS", 0.2)
    plain = TestGateway(gateway.port, tls=ssl.create_default_context())

    heard = await ask_model(plain, "ok")

    assert heard.error is not None
    assert heard.error.kind is ErrorKind.UNREACHABLE


async def test_a_proxy_in_the_environment_is_used(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("http_proxy", gateway.base_url.removesuffix("/v1"))
    elsewhere = TestGateway(1)

    heard = await ask_model(elsewhere, "ok")

    assert heard.text == "t0 t1 t2 t3 t4 "
    assert gateway.requests[0].path == "http://127.0.0.1:1/v1/chat/completions"
