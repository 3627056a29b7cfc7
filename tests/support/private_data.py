"""Personal data and keys for tests: drawn by a seed, of nobody.

Addresses are below names reserved for documentation (RFC 2606), numbers of machines from blocks reserved for it (RFC
5737, RFC 3849), telephone numbers from ranges kept for fiction; cards, accounts and national numbers have right check
digits and no holder; keys have the form of their makers' and open nothing. None stands in a file: each is made here.
"""

from __future__ import annotations

import base64
import json
import random
import string
from dataclasses import dataclass
from typing import Final

LOWER: Final = string.ascii_lowercase
ALNUM: Final = string.ascii_letters + string.digits
URLSAFE: Final = ALNUM + "_-"
HEX: Final = "0123456789abcdef"


@dataclass(frozen=True)
class Planted:
    """Something private, and a sentence that it stands in."""

    kind: str
    """As ``redaction.KINDS`` calls it."""
    value: str
    """What must not be told: for a password in a URL the password alone."""
    sentence: str


def planted(seed: int = 6, each: int = 12) -> list[Planted]:
    """``each`` of every kind, the same for a seed."""
    draw = random.Random(seed)
    made = [make(draw, number) for number in range(each) for make in _MAKERS]
    assert all(one.value in one.sentence for one in made)
    return made


def luhn_digit(digits: str) -> str:
    """The check digit that Luhn's rule asks for after these."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def iban(draw: random.Random, country: str, pattern: str) -> str:
    """An account number; ``pattern`` has ``n`` for digits, ``a`` for capital letters, ``c`` for either."""
    pools = {"n": string.digits, "a": string.ascii_uppercase, "c": string.digits + string.ascii_uppercase}
    account = "".join(draw.choice(pools[sign]) for sign in pattern)
    turned = "".join(str(int(sign, 36)) for sign in account + country + "00")
    return f"{country}{98 - int(turned) % 97:02d}{account}"


def _some(draw: random.Random, pool: str, count: int) -> str:
    """Signs by lot, with a digit, a small and a capital letter among them where the pool has such."""
    while True:
        drawn = "".join(draw.choice(pool) for _ in range(count))
        needed = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
        if all(not set(kind) & set(pool) or set(kind) & set(drawn) for kind in needed) and drawn[0] not in "-_":
            return drawn if drawn[-1] not in "-_" else drawn[:-1] + "7"


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choice(string.digits) for _ in range(count))


def _grouped(digits: str, sizes: tuple[int, ...], sign: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return sign.join(part for part in (*parts, digits[at:]) if part)


def _of(value: str, kind: str, draw: random.Random, *sentences: str) -> Planted:
    return Planted(kind, value, draw.choice(sentences).replace("{}", value))


def _email(draw: random.Random, number: int) -> Planted:
    name = "".join(draw.choice(LOWER) for _ in range(7))
    local = (name, f"{name}.{name[::-1]}", f"{name}+hansard{number}", f"{name}_{number}", f"o'{name}", f"ž{name}")
    domain = ("example.com", "mail.example.org", "bücher.example", "xn--bcher-kva.example", "a-b.example.net")
    return _of(
        f"{draw.choice(local)}@{draw.choice(domain)}", "email", draw, "Write to {}.", "cc: <{}>, please", '{"to":"{}"}',
        "mailto:{}?subject=x", "({})", "asked {}, who did not know", "| {} | owner |",
    )  # fmt: skip


def _phone(draw: random.Random, number: int) -> Planted:
    last = f"01{_digits(draw, 2)}"
    forms = (
        f"+1 202-555-{last}", f"(212) 555-{last}", f"415-555-{last}", f"303.555.{last}",
        f"+44 20 7946 0{_digits(draw, 3)}",
        f"020 7946 0{_digits(draw, 3)}", f"07700 900{_digits(draw, 3)}", f"+49 (0)30 23125 {_digits(draw, 3)}",
        f"030 23125{_digits(draw, 3)}", f"+33 1 99 00 {_digits(draw, 2)} {_digits(draw, 2)}",
        f"01.99.00.{_digits(draw, 2)}.{_digits(draw, 2)}", f"0049 171 39200{_digits(draw, 2)}",
        f"+61 491 570 {_digits(draw, 3)}", f"+4915228817{_digits(draw, 3)}",
    )  # fmt: skip
    return _of(forms[number % len(forms)], "phone", draw, "Call {} after six.", "Tel. {}", "My number: {}", "tel:{}")


def _card(draw: random.Random, number: int) -> Planted:
    begin, length, sizes = (
        ("4", 16, (4, 4, 4, 4)), ("5" + draw.choice("12345"), 16, (4, 4, 4, 4)), ("37", 15, (4, 6, 5)),
        ("6011", 16, (4, 4, 4, 4)), ("36", 14, (4, 6, 4)), ("2221", 16, (4, 4, 4, 4)),
    )[number % 6]  # fmt: skip
    digits = begin + _digits(draw, length - len(begin) - 1)
    whole = digits + luhn_digit(digits)
    told = draw.choice((whole, _grouped(whole, sizes, " "), _grouped(whole, sizes, "-")))
    return _of(told, "card", draw, "Charge {} for it.", "card={}", "It was paid with {}, not in cash.", "“{}”")


def _iban(draw: random.Random, number: int) -> Planted:
    country, pattern = (
        ("DE", "n" * 18), ("GB", "aaaa" + "n" * 14), ("FR", "n" * 10 + "c" * 11 + "nn"), ("NO", "n" * 11),
        ("CH", "n" * 5 + "c" * 12), ("NL", "aaaa" + "n" * 10), ("MT", "aaaa" + "n" * 5 + "c" * 18),
    )[number % 7]  # fmt: skip
    whole = iban(draw, country, pattern)
    told = draw.choice((whole, _grouped(whole, (4,) * 8, " "), whole.lower()))
    return _of(told, "iban", draw, "Transfer it to {}.", "IBAN: {}", "account {} (savings)", "from {}, today")


def _ipv4(draw: random.Random, number: int) -> Planted:
    block = draw.choice(("192.0.2", "198.51.100", "203.0.113", "10.20.30", "192.168.7"))
    return _of(
        f"{block}.{draw.randrange(1, 255)}", "ipv4", draw, "The host {} is down.", "http://{}:8080/health", "from {}.",
        "ip={};",
    )  # fmt: skip


def _ipv6(draw: random.Random, number: int) -> Planted:
    groups = [f"{draw.randrange(1, 65536):x}" for _ in range(4)]
    told = draw.choice(
        (f"2001:db8::{groups[0]}:{groups[1]}", "2001:db8:" + ":".join(groups) + ":1:2", f"fe80::1{groups[0][:3]}")
    )
    return _of(told, "ipv6", draw, "The host {} is down.", "http://[{}]:8080/", "from {} again")


def _mac(draw: random.Random, number: int) -> Planted:
    told = draw.choice((":", "-")).join(f"{byte:02x}" for byte in (0, 0x53, *(draw.randrange(256) for _ in range(4))))
    return _of(told, "mac", draw, "Its card is {}.", "mac {} leased", "ether {}")


def _national(draw: random.Random, number: int) -> Planted:
    if number % 4 == 0:
        told = f"{draw.randrange(1, 666):03d}-{draw.randrange(1, 100):02d}-{draw.randrange(1, 10000):04d}"
    elif number % 4 == 1:
        told = f"AB{_digits(draw, 6)}{draw.choice('ABCD')}"
    elif number % 4 == 2:
        digits = [int(sign) for sign in _digits(draw, 9)]
        for weight in (10, 11):
            digits.append(sum(d * w for d, w in zip(digits, range(weight, 1, -1), strict=True)) * 10 % 11 % 10)
        text = "".join(map(str, digits))
        told = f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"
    else:
        body = _digits(draw, 8)
        told = body + "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23]
    return _of(told, "national-id", draw, "Their number is {}.", "id {} on file", "({})")


def _birthdate(draw: random.Random, number: int) -> Planted:
    year, month, day = draw.randrange(1930, 2010), draw.randrange(1, 13), draw.randrange(1, 29)
    months = ("January", "May", "October", "March", "July")
    told = draw.choice(
        (f"{year}-{month:02d}-{day:02d}", f"{day:02d}.{month:02d}.{year}", f"{day} {draw.choice(months)} {year}")
    )
    return _of(
        told,
        "birthdate",
        draw,
        "She was born on {}.",
        "DOB: {}",
        "Date of birth {}",
        "geboren am {}",
        '"birthdate": "{}"',
    )


def _private_key(draw: random.Random, number: int) -> Planted:
    kind = ("RSA ", "EC ", "", "OPENSSH ", "ENCRYPTED ")[number % 5]
    lines = "\n".join(_some(draw, ALNUM + "+/", 64) for _ in range(3))
    return _of(
        f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----",
        "private-key",
        draw,
        "{}",
        "key:\n{}\n",
    )


def _jwt(draw: random.Random, number: int) -> Planted:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    told = f"{part({'alg': 'HS256'})}.{part({'sub': _digits(draw, 6)})}.{_some(draw, URLSAFE, 43)}"
    return _of(told, "jwt", draw, "Bearer {}", "cookie: session={}; path=/", "I sent {} with it")


def _url_password(draw: random.Random, number: int) -> Planted:
    told = _some(draw, ALNUM + "!*%", 12)
    return _of(
        told,
        "password",
        draw,
        "postgresql://app:{}@db.example.com/app",
        "redis://:{}@cache:6379/0",
        "https://me:{}@example.org",
    )


def _assigned_password(draw: random.Random, number: int) -> Planted:
    told = _some(draw, ALNUM + "!#%&*+", 11) + "9"
    return _of(
        told, "password", draw, "password: {}", "DB_PASSWORD={}", '"password": "{}"', "the password is {}",
        "Passwort: {}",
        "pwd = '{}'", "**Password:** {}",
    )  # fmt: skip


def _assigned_secret(draw: random.Random, number: int) -> Planted:
    told = _some(draw, ALNUM, 24) if number % 2 else _some(draw, HEX, 32)
    return _of(
        told,
        "secret",
        draw,
        "api_key={}",
        '"client_secret": "{}"',
        "SECRET_KEY: {}",
        "x-api-key: {}",
        "access_token={}&x=1",
    )


def _bare_secret(draw: random.Random, number: int) -> Planted:
    return _of(_some(draw, ALNUM, 40), "secret", draw, "it answered {} and closed", "use {} for that", "`{}`")


def _openai(draw: random.Random, number: int) -> Planted:
    told = draw.choice(("sk-" + _some(draw, ALNUM, 48), "sk-proj-" + _some(draw, URLSAFE, 120)))
    return _of(told, "openai-key", draw, "OPENAI_API_KEY={}", "it is {}.", '"{}"')


def _anthropic(draw: random.Random, number: int) -> Planted:
    return _of(
        "sk-ant-" + "api03-" + _some(draw, URLSAFE, 95), "anthropic-key", draw, "x-api-key: {}", "it is {}.", "`{}`"
    )


def _google(draw: random.Random, number: int) -> Planted:
    return _of("AIza" + _some(draw, URLSAFE, 35), "google-key", draw, "?key={}", "it is {}.", "({})")


def _aws(draw: random.Random, number: int) -> Planted:
    told = draw.choice(("AKIA", "ASIA")) + _some(draw, string.ascii_uppercase + "234567", 16)
    return _of(told, "aws-key", draw, "aws_access_key_id = {}", "it is {}.", "({})")


def _github(draw: random.Random, number: int) -> Planted:
    told = draw.choice(
        ("ghp_" + _some(draw, ALNUM, 36), "github_pat_" + _some(draw, ALNUM, 22) + "_" + _some(draw, ALNUM, 59))
    )
    return _of(told, "github-token", draw, "https://{}@github.com/a/b", "GH_TOKEN={}", "it is {}.")


def _slack(draw: random.Random, number: int) -> Planted:
    told = f"xoxb-{_digits(draw, 12)}-{_digits(draw, 12)}-{_some(draw, ALNUM, 24)}"
    return _of(told, "slack-token", draw, "SLACK={}", "it is {}.", "'{}'")


def _stripe(draw: random.Random, number: int) -> Planted:
    told = draw.choice(("sk_", "rk_")) + draw.choice(("live_", "test_")) + _some(draw, ALNUM, 24)
    return _of(told, "stripe-key", draw, "STRIPE={}", "it is {}.", "curl -u {}: https://example.com")


def _gitlab(draw: random.Random, number: int) -> Planted:
    return _of("glpat-" + _some(draw, URLSAFE, 20), "gitlab-token", draw, "PRIVATE-TOKEN: {}", "it is {}.")


def _other(draw: random.Random, number: int) -> Planted:
    told = (
        "hf_" + _some(draw, ALNUM, 34), "npm_" + _some(draw, ALNUM, 36),
        "SG." + _some(draw, URLSAFE, 22) + "." + _some(draw, URLSAFE, 43),
        "dop_v1_" + _some(draw, HEX, 64), "pypi-" + _some(draw, URLSAFE, 80), "gsk_" + _some(draw, ALNUM, 52),
        _digits(draw, 10) + ":AA" + _some(draw, URLSAFE, 33), "hvs." + _some(draw, URLSAFE, 24),
    )[number % 8]  # fmt: skip
    return _of(told, "token", draw, "it is {}.", "TOKEN {} expires", "`{}`")


_MAKERS: Final = (
    _email, _phone, _card, _iban, _ipv4, _ipv6, _mac, _national, _birthdate, _private_key, _jwt, _url_password,
    _assigned_password, _assigned_secret, _bare_secret, _openai, _anthropic, _google, _aws, _github, _slack, _stripe,
    _gitlab, _other,
)  # fmt: skip
