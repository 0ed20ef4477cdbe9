"""What a field holds, said more finely than by its role: `email`, `city`, `unit price`.

Role, type and the words of the label come in; the name of a kind goes out, which
`texts`, `numbers`, `times`, `people` and `privacy` know. Next: `people`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from agentgym.schema import Entity, Field

__all__ = ["NAMES", "PLACES", "field_words", "is_person", "kind_of", "scope", "split"]

PLACES = (
    "street",
    "street2",
    "postcode",
    "city",
    "region",
    "region_code",
    "country",
    "country_code",
    "timezone",
    "latitude",
    "longitude",
)
"""Kinds that together say where something is."""
NAMES = ("first", "middle", "last", "full", "username", "email", "initials")
"""Kinds that together name a person."""

_PERSONS = """person customer client user employee staff patient doctor physician nurse member
student teacher professor instructor author writer editor contact actor agent driver pilot
passenger guest visitor participant attendee registrant applicant candidate tenant landlord
owner buyer seller salesperson representative manager supervisor player athlete coach citizen
resident subscriber volunteer donor beneficiary recipient sender reviewer reporter profile
provider caregiver practitioner consumer borrower reader musician inspector mechanic pupil
veterinarian speaker lecturer individual worker people lawyer officer host dermatologist
""".split()

_PERSON_SET = frozenset(_PERSONS)
_KEYS = ("uuid", "email", "username", "slug", "hash", "ip", "mac", "isbn", "iban", "ean", "vin",
         "plate", "sku", "hostname", "currency", "locale", "serial", "tracking")  # fmt: skip
_PROSE = ("notes", "descriptions", "comments", "messages", "company", "file", "subject", "reason")

_TABLE = """
email: email | mail | e mail address
mac: mac | mac address | hardware address
ip: ip | ip address | ipv 4 | ipv 6 | gateway ip | remote address
cidr: cidr | subnet | netmask | prefix length
url: url | uri | website | homepage | web page | web address | web site | href | link | avatar
phone: phone | telephone | mobile | fax | cell | tel | phone number
username: username | user name | login | nickname | nick | screen name | handle | login name
courtesy: courtesy | salutation | honorific | name prefix
first: first name | forename | given name | firstname | fname | given
middle: middle name | middle initial | middlename | middle
last: last name | surname | family name | lastname | lname
initials: initials
full: full name | display name | contact name | contact person
street2: address 2 | address 3 | line 2 | line 3 | line 4 | suite | apartment number
street: street | address | address line | line 1 | road | street address | addr
postcode: zip | postal | postcode | zipcode | zip code | postal code | post code
timezone: timezone | time zone | tz | tzid
latitude: latitude | lat
longitude: longitude | lon | lng
region_code: state code | region code | province code | state abbreviation
city: city | town | suburb | municipality | hometown | birthplace | village
country_code: country code | country iso | iso code | iso 3166 | alpha 2
country: country | nation | nationality | country name
region: region | province | county | prefecture | district
continent: continent
currency: currency | currency code
locale: locale | language code | lang
language: language
mime: mime | mimetype | content type | mime type | media type
filename: filename | file name | original name | file | attachment
useragent: user agent | user agent string | http user agent
path: path | directory | folder path | file path | filepath | folder | mount
format: file format | file extension | file suffix
extension: extension | phone extension
branch: branch | branch name
cron: cron | crontab | cron expression
hostname: hostname | host | fqdn | server name | node name
slug: slug | permalink
uuid: uuid | guid
hash: hash | checksum | sha | md 5 | digest | fingerprint | etag
version: version | release | revision | semver
isbn: isbn
iban: iban
bic: bic | swift
ean: ean | upc | barcode | gtin
vin: vin
plate: plate | license plate | licence plate
card: card number | credit card
idnumber: ssn | passport | tax id | vat | vat number | social security | npi
tracking: tracking | tracking number | tracking code | awb
serial: serial | serial number | imei
sku: sku | part number | item number | product number | product code | article number
account: account number | bank account | routing number
job: job | occupation | profession | job title | position title
clock: time of day | opening time | closing time | departure time | arrival time
subject: subject | headline | subject line
instructions: instruction | instructions | directions
notes: note | notes | remark | remarks | memo | observation | annotation
descriptions: description | summary | about | bio | detail | details | abstract
comments: comment | comments | review | feedback | body | content | message | text | reply
questions: question
messages: error | log | log message | output | stderr | stdout | traceback | exception | info
company: company | organisation | organization | employer | manufacturer | brand | firm
reason: reason
"""

_RULES: list[tuple[str, tuple[tuple[str, ...], ...]]] = [
    (kind.strip(), tuple(tuple(option.split()) for option in options.split("|")))
    for kind, _, options in (line.partition(":") for line in _TABLE.strip().splitlines())
]

_BY_ROLE = {
    "person": "full",
    "contact": "phone",
    "place": "city",
    "label": "label",
    "code": "code",
    "status": "status",
    "category": "category",
    "money": "money",
    "quantity": "quantity",
    "measure": "measure",
    "flag": "flag",
    "time": "time",
    "audit": "username",
    "secret": "secret",
    "text": "notes",
    "key": "code",
    "reference": "code",
}


@lru_cache(maxsize=65536)
def split(text: str) -> tuple[str, ...]:
    """Return the words of a label or name, in lower case."""
    return tuple(re.findall(r"[^\W\d_]+|\d+", text.casefold()))


def field_words(field: Field) -> tuple[str, ...]:
    """Return the words of the field's label, after those of its name that are new."""
    label = tuple(dict.fromkeys(split(field.label)))
    return (*(word for word in dict.fromkeys(split(field.name)) if word not in label), *label)


@lru_cache(maxsize=4096)
def is_person(entity: Entity) -> bool:
    """Say whether the rows are persons, by the last word of the label or by its fields."""
    words = split(entity.label)
    if words and (words[-1] in _PERSONS or words[-1].rstrip("s") in _PERSONS):
        return True
    return any(field.role == "person" and "first" in split(field.label) for field in entity.fields)


@lru_cache(maxsize=4096)
def _is_placed(entity: Entity) -> bool:
    known = {"city", "town", "street", "address", "postcode", "zip", "postal", "country"}
    return any(known & set(split(field.label)) for field in entity.fields)


@lru_cache(maxsize=65536)
def kind_of(entity: Entity, field: Field) -> str:
    """Name what a field of text holds; numbers and times are read by their own modules.

    The words of the label win over the role, except for a role that says it all.
    """
    found = _kind(field, split(entity.label), person=is_person(entity), placed=_is_placed(entity))
    owner = split(entity.label)[-1:]
    if field.type == "text" and owner in (("country",), ("currency",), ("language",)):
        short = (field.max_length or 99) <= 3 or field.role in ("key", "code")
        if found in ("code", "country_code", "currency", "locale", "language") and short:
            return "country_code" if owner == ("country",) else "code"
    if found == "descriptions" and set(split(field.label)) >= set(split(entity.label)):
        return found if any(other.role == "label" for other in entity.fields) else "label"
    return found


@lru_cache(maxsize=65536)
def _kind(field: Field, owner: tuple[str, ...], *, person: bool, placed: bool) -> str:
    if field.role in ("secret", "status", "time", "flag"):
        return field.role
    words = field_words(field)
    if field.role == "audit" and field.type in ("date", "datetime"):
        return "time"
    found = _by_words(words)
    if found in ("company", "file", "language", "city", "country", "region") and (
        field.role == "key" or (words[-1] in ("code", "id", "number") and found == "company")
    ):
        found = None
    if found == "country" and field.max_length is not None and field.max_length <= 3:
        found = "country_code"
    if found == "language" and field.max_length is not None and field.max_length <= 5:
        found = "locale"
    last = words[-1] if words else ""
    if last in ("status", "state") and field.role != "code":
        if last == "status" or not placed:
            return "status"
        short = field.max_length is not None and field.max_length <= 3
        found = "region_code" if short else "region"
    if field.role == "key" and found not in _KEYS and not (found and owner[-1:] == ("country",)):
        return "code"
    if (
        last in ("id", "number", "code", "key")
        and found in (None, *_PROSE)
        and field.role != "label"
    ):
        return "category" if field.role == "category" else "code"
    if last == "title" and set(words) & _PERSON_SET and field.role != "label":
        return "job"
    if found is not None:
        return _judge(found, field, owner)
    if words[-1:] == ("title",) and person and field.role != "label":
        worker = bool(owner) and owner[-1] in _PERSON_SET
        return "courtesy" if field.role == "person" or not worker else "job"
    if words[-1:] in (("name",), ("title",), ("label",), ("caption",)) or field.role == "label":
        if field.role == "person" or (person and words[-1] == "name" and len(words) < 3):
            return "full"
        return "label"
    if last in _PERSON_SET and field.role in ("other", "person", "audit"):
        return "full"
    if field.role == "other" and field.type == "text":
        return _measured(words)
    return _BY_ROLE.get(field.role, "other")


_FIGURES = frozenset(
    """weight height width length area depth size amount count total rate price cost population
    quantity percentage speed volume age score elevation altitude distance budget gross value gpa
    attendance capacity loading temperature passengers points rank round salary radius duration
    thousands millions billions kilometers meters miles tonnes square""".split()
)
"""Words that end the names of numbers, which some schemas keep as texts."""


def _measured(words: tuple[str, ...]) -> str:
    """Name what a text holds that is called as a number, a day or a yes or no is."""
    last = words[-1] if words else ""
    if last in ("date", "day"):
        return "day"
    if last in ("flag", "yn"):
        return "flag"
    if last == "time":
        return "clock"
    return "figure" if last in _FIGURES else "other"


def _judge(found: str, field: Field, owner: tuple[str, ...]) -> str:
    """Let a role that contradicts the words win."""
    if found in ("comments", "notes", "descriptions") and field.role in ("label", "category"):
        return "label" if field.role == "label" else "category"
    loose = ("company", "filename", "version", "hostname", "path", "format")
    if found in loose and field.role in ("category", "code"):
        return field.role
    if found == "company" and field.role == "label" and field.label.split()[-1:] == ["title"]:
        return "label"
    if field.role == "category" and found in ("url", "subject", "messages", "job"):
        return "category"
    if field.role == "label" and found in ("street", "subject", "version", "messages", "hash"):
        return "label" if found != "street" or owner[-1:] != ("address",) else "street"
    return found


@lru_cache(maxsize=65536)
def _by_words(words: tuple[str, ...]) -> str | None:
    """Return the kind whose longest option lies in the words; the latest word breaks ties."""
    best: tuple[int, int] = (0, -1)
    found: str | None = None
    known = set(words)
    for kind, options in _RULES:
        for option in options:
            if known.issuperset(option):
                rank = (len(option), max(words.index(word) for word in option))
                if rank > best:
                    best, found = rank, kind
    return found


def scope(entity: Entity, field: Field, own: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the words that tell two persons or places of one row apart: `billing`, `manager`.

    Args:
        entity: The owner of the field.
        field: A field of one of `NAMES` or `PLACES`.
        own: Further words to leave out.
    """
    known = _NEUTRAL | set(split(entity.label)) | set(own)
    return tuple(word for word in split(field.label) if word not in known)


_NEUTRAL = {
    word
    for kind, options in _RULES
    if kind in (*NAMES, *PLACES, "phone")
    for o in options
    for word in o
} | set("name state code number id line 1 3 main primary title address of the full a".split())
