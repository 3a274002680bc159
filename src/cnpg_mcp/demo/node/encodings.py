"""The encodings that a PostgreSQL server knows (its documentation, "Character Set Support")."""

import re

_NAMES = (
    "euc_cn euc_jp euc_jis_2004 euc_kr euc_tw koi8 koi8r koi8u mule_internal sql_ascii unicode utf8"
    " iso_8859_1 iso_8859_2 iso_8859_3 iso_8859_4 iso_8859_5 iso_8859_6 iso_8859_7 iso_8859_8"
    " iso_8859_9 iso_8859_10 iso_8859_13 iso_8859_14 iso_8859_15 iso_8859_16"
    " latin1 latin2 latin3 latin4 latin5 latin6 latin7 latin8 latin9 latin10"
    " abc alt tcvn tcvn5712 vscii win win866 win874 win1250 win1251 win1252 win1253 win1254 win1255"
    " win1256 win1257 win1258 windows866 windows874 windows1250 windows1251 windows1252 windows1253"
    " windows1254 windows1255 windows1256 windows1257 windows1258"
)


def is_server_encoding(name: str) -> bool:
    """Whether a database can have that encoding; case and signs in its name do not matter."""
    return _plain(name) in _KNOWN


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_KNOWN = frozenset(map(_plain, _NAMES.split()))
