"""What every certificate of a simulated or tested cluster has, whoever signs it."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

EARLIER = timedelta(minutes=-5)
"""From when on certificates are good: clocks differ."""


def builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    since: timedelta = EARLIER,
    until: timedelta,
) -> x509.CertificateBuilder:
    """A certificate to be extended and signed, good between two moments counted from now."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
    )
