"""Checks packages/protocol/vectors with Python's standard library alone.

    python3 test/vectors/check.py packages/protocol/vectors

Nothing here was written from the TypeScript sources: canonical JSON is what json.dumps makes, the layouts are those of
SPEC.md and docs/zynd-wire.md, and Ed25519 is RFC 8032 section 5.1 with the strictness of rule I2. Where the package
`cryptography` is installed, honest signatures are verified by it too. Prints one line a group; exits with 1 at a fault.
"""

import base64
import hashlib
import json
import re
import struct
import sys
from pathlib import Path

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None

faults = []
checked = {}


def check(group, name, holds):
    checked[group] = checked.get(group, 0) + 1
    if not holds:
        faults.append(f"{group}: {name}")


# --- Ed25519, RFC 8032 section 5.1; verification without the cofactor, small-order points refused (I2)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    """The x of a point with this y, or None where there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT % P
    if x * x % P != square or (x == 0 and sign == 1):
        return None
    return P - x if x % 2 != sign else x


def decode_point(data):
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= P:
        return None
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def encode_point(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def is_small(point):
    eight = times(8, point)
    return eight[0] % P == 0 and (eight[1] - eight[2]) % P == 0


def verify(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = decode_point(key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or is_small(a) or is_small(r):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    negative = (P - a[0], a[1], a[2], P - a[3])
    return encode_point(add(times(s, BASE), times(k, negative))) == signature[:32]


def secret_scalar(seed):
    number = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return (number & (2**254 - 8)) | 2**254


def public_key(seed):
    return encode_point(times(secret_scalar(seed), BASE))


def verify_by_package(key, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


# --- Canonical JSON


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def go_escaped(text):
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


def is_well_formed(value):
    try:
        canonical(value).encode("utf-8")
        return True
    except UnicodeEncodeError:
        return False


def canonical_card(text):
    """Without the signatures, and with every number as it stood in the text."""
    marked = {}

    def keep(lexeme):
        token = f"\ue000{len(marked)}\ue001"
        marked[token] = lexeme
        return token

    card = json.loads(text, parse_float=keep, parse_int=keep)
    plain = canonical({name: value for name, value in card.items() if name not in ("signatures", "signature")})
    for token, lexeme in marked.items():
        plain = plain.replace(f'"{token}"', lexeme)
    return plain


# --- Ids and keys


def id_half(key):
    return hashlib.sha256(key).hexdigest()[:32]


def key_text(key):
    return "ed25519:" + base64.b64encode(key).decode()


def peer_id(key):
    digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(bytes.fromhex("002408011220") + key, "big"), ""
    while number > 0:
        number, digit = divmod(number, 58)
        text = digits[digit] + text
    return "1" + text


def strict_key(text):
    """The key that a text spells, or None: one spelling for each key."""
    if not text.startswith("ed25519:"):
        return None
    try:
        key = base64.b64decode(text[8:], validate=True)
    except ValueError:
        return None
    return key if len(key) == 32 and key_text(key) == text else None


# --- What is signed


def framed(*parts):
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)


def variants(signable):
    plain = canonical(signable)
    return [plain, go_escaped(plain)]


def registration(body):
    """S1: tags may have been signed as [] or null where they are absent, other fields as empty or null."""
    options = []
    for absent in ("", None):
        for tags in [body["tags"]] if "tags" in body else [[], None]:
            fields = ("category", "entity_url", "name", "public_key", "summary")
            signable = {name: body.get(name, absent) for name in fields}
            signable["tags"] = tags
            if body.get("entity_type"):
                signable["entity_type"] = body["entity_type"]
            options.append(canonical(signable))
    return options


def binding(body):
    options = []
    for tags in [body["capability_tags"]] if body.get("capability_tags") else [None, []]:
        names = ("developer_handle", "entity_id", "entity_name", "version")
        options += variants({**{name: body.get(name, "") for name in names}, "capability_tags": tags})
    return options


def inner_update(body):
    fields = {name: value for name, value in body.items() if name != "signature"}
    # The MCP server canonicalises what is undefined.
    return [canonical(fields or None)]


def picked(*names):
    return lambda body: variants({name: body.get(name, "") for name in names})


def verbatim(text):
    return [text]


def json_of(rule):
    return lambda text: rule(json.loads(text))


def beat_text(text):
    frame = json.loads(text)
    return [frame.get("agent_id", "") + str(frame["timestamp"])]


ZYND = {
    "register_S1": json_of(registration),
    "update_S2a": json_of(inner_update),
    "update_S2b": verbatim,
    "deregister_S3": verbatim,
    "bind_name_S4": json_of(binding),
    "beat_S5": beat_text,
    "beat_S5'": beat_text,
    "register_developer_S6": json_of(picked("github", "name", "profile_url", "public_key")),
    "update_developer_S7": verbatim,
    "deregister_developer_S8": verbatim,
    "claim_handle_S9": json_of(picked("developer_id", "handle", "public_key")),
    "release_handle_S10": verbatim,
    "release_name_S11": verbatim,
}


def messages(group, vector, file):
    """Every byte string of which one must be the signed one."""
    text = vector["input"]
    if group in ZYND:
        return [option.encode() for option in ZYND[group](text)]
    if group == "proof_S12":
        index = json.loads(text)["entity_index"]
        return [bytes.fromhex(entity_key(file)) + struct.pack(">I", index)]
    if group == "card_S13":
        return [(json.loads(text)["signatures"][0]["protected"] + "." + canonical_card(text)).encode()]
    if group == "beat":
        return [framed("rollcall/beat/1", file["node_id"], text, file["entity_id"], str(file["time_ms"]), vector["name"])]
    kind = vector["name"].split(" ")[0].replace("_", "-")
    return [framed(f"rollcall/{kind}/1", text)]


def entity_key(file):
    return file["zynd"]["register_S1"][0]["public_key"]


def carried(group, vector):
    """The signature that the input itself carries, where it carries one."""
    if group == "card_S13":
        text = json.loads(vector["input"])["signatures"][0]["signature"]
        return base64.urlsafe_b64decode(text + "==").hex()
    inside = ("register_S1", "update_S2a", "bind_name_S4", "register_developer_S6", "claim_handle_S9", "beat_S5", "beat_S5'")
    if group not in inside:
        return vector["signature"]
    return base64.b64decode(json.loads(vector["input"])["signature"][len("ed25519:") :]).hex()


# --- The files


def check_canonical(file):
    for vector in file["equal"]:
        check("canonical JSON", vector["name"], canonical(vector["value"]) == vector["canonical"])
    for text in file["not_well_formed"]:
        check("half surrogate pairs", text, not is_well_formed(json.loads(text)))


def check_ids(file):
    for vector in file["valid"]:
        key = bytes.fromhex(vector["public_key"])
        half = id_half(key)
        expected = {
            "public_key": vector["public_key"],
            "text": key_text(key),
            "agent": f"zns:{half}",
            "service": f"zns:svc:{half}",
            "developer": f"zns:dev:{half}",
            "registry": f"zns:registry:{half}",
            "node": peer_id(key),
        }
        check("ids", vector["public_key"], vector == expected and strict_key(vector["text"]) == key)
    for text in file["invalid_entity_ids"]:
        check("texts that are no entity id", text, not re.fullmatch(r"zns:(svc:)?[0-9a-f]{32}", text))
    for text in file["invalid_keys"]:
        check("texts that are no key", text, strict_key(text) is None)


def check_derivation(file):
    developer = bytes.fromhex(file["developer_seed"])
    check("derivation", "the developer's key", public_key(developer).hex() == file["developer_public_key"])
    for vector in file["derived"]:
        data = developer + b"zns:agent:" + struct.pack(">I", vector["entity_index"])
        check("derivation", vector["entity_index"], hashlib.sha512(data).hexdigest()[:64] == vector["seed"])
    for index in file["invalid_indexes"]:
        check("indexes out of range", index, not (isinstance(index, int) and 0 <= index < 2**32))


def check_edges(file):
    for vector in file:
        key, message, signature = (bytes.fromhex(vector[name]) for name in ("public_key", "message", "signature"))
        check("edges of Ed25519", vector["name"], verify(key, message, signature) == vector["valid"])


def check_signatures(file):
    for form in ("zynd", "native"):
        for group, vectors in file[form].items():
            for vector in vectors:
                key, message, signature = (
                    bytes.fromhex(vector[name]) for name in ("public_key", "message", "signature")
                )
                name = f"{group}: {vector['name']}"
                check(f"{form} signed bytes", name, message in messages(group, vector, file))
                check(f"{form} signatures", name, verify(key, message, signature))
                check(f"{form} signatures", f"{name}, altered", not verify(key, message + b"\0", signature))
                check(f"{form} signatures carried", name, carried(group, vector) == vector["signature"])
                if Ed25519PublicKey is not None:
                    check(f"{form} signatures, by the package", name, verify_by_package(key, message, signature))


def main(folder):
    files = {
        "canonical-json.json": check_canonical,
        "ids.json": check_ids,
        "derivation.json": check_derivation,
        "ed25519-edge.json": check_edges,
        "signatures.json": check_signatures,
    }
    for name, check_file in files.items():
        check_file(json.loads((Path(folder) / name).read_text(encoding="utf-8")))
    for group, count in checked.items():
        print(f"{group}: {count} checked")
    if Ed25519PublicKey is None:
        print("the package cryptography is not installed: signatures were verified by RFC 8032 alone")
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
