"""What the fuzzer cannot make up: things that are there, days, plugins, files, and who approves.

Two of three requests get what the demo has where they would otherwise name what nobody has, so that they come to what a call does; the
third stays as it was made up. Webhooks lead to this machine, as nothing may leave it.
"""

import copy
import datetime
import json
import os
import pathlib
import urllib.request

import schemathesis
from hypothesis import strategies as st

SERVER, KEY, APPROVER, COUPON = (os.environ[f"FUZZ_{name}"] for name in ("SERVER", "KEY", "APPROVER", "COUPON"))
PLUGINS = [path.read_bytes() for path in sorted(pathlib.Path(os.environ["FUZZ_PLUGINS"]).glob("*.wasm"))]
FILES = [
    b"external_id,member_no,phone,name\n1,M1,13800138000,Li\n2,M2,,Wang\n3,,x,\n",
    b"external_id,customer_phone,booked_at,amount\nb1,13800138000,2026-01-15,100.00\n",
    b"",
]

schemathesis.openapi.media_type(
    "application/wasm",
    st.one_of(st.binary(max_size=64), st.sampled_from([*PLUGINS, PLUGINS[0][:-1]])),
)


def send(path, data=None, kind="application/json"):
    """The answer of the demo."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": kind}
    with urllib.request.urlopen(urllib.request.Request(f"{SERVER}/api/v1{path}", data, headers)) as answer:
        return json.load(answer)


def ask(path, body=None):
    return send(path, None if body is None else json.dumps(body).encode())


def items(path):
    """What is in a list, which has something."""
    found = ask(path)["items"]
    if not found:
        raise SystemExit(f"the demo has nothing at {path}")
    return found


def ids(path, field="id"):
    return [item[field] for item in items(path)]


def upload(file):
    """The id of a job that imports a file."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    return send("/imports?kind=customers", head + file + b"\r\n--x--\r\n", "multipart/form-data; boundary=x")["id"]


CUSTOMERS = ids("/customers?limit=5")
CAMPAIGNS = ids("/campaigns", "key")
PLANS = [ask(f"/campaigns/{key}")["plan"] for key in CAMPAIGNS]
BATCHES = [(key, batch["id"]) for key in CAMPAIGNS for batch in ask(f"/campaigns/{key}/coupons")["items"]]
RULE = next(item for item in items("/bindings") if item["extension_point"] == "segmentation")
SEGMENTS = [f"{item['binding']}.{item['key']}" for item in items("/segments")]
DAYS = [(datetime.date.today() - datetime.timedelta(days)).isoformat() for days in (400, 30, 2, 1)]
PREVIEW = {name: RULE[name] for name in ("digest", "config", "name")}
HOOK = {"url": "https://127.0.0.1:9/hook", "types": ["*"], "note": "fuzz"}

# by the beginning of the path and the name of the parameter
THERE = {
    ("customers", "id"): CUSTOMERS,
    ("customers", "other"): CUSTOMERS[1:] + CUSTOMERS[:1],
    ("campaigns", "id"): CAMPAIGNS,
    ("campaigns", "number"): [1, 2],
    ("campaigns", "task"): [1, 2, 3],
    ("quotes", "id"): ids("/quotes?limit=5"),
    ("decisions", "id"): ids("/decisions?limit=5"),
    ("imports", "id"): [upload(FILES[0])],
    ("webhooks", "id"): [ask("/webhooks", HOOK)["id"]],
    ("segmentation", "id"): [ask("/segmentation/preview", PREVIEW)["id"]],
    ("keys", "id"): [ask("/keys", {"name": "fuzz", "scopes": ["read"]})["id"]],
    ("tasks", "id"): ids("/tasks?limit=5"),
    ("plugins", "digest"): ids("/plugins", "digest"),
    ("segments", "segment"): SEGMENTS,
    ("bindings", "extension_point"): ["segmentation"],
    ("bindings", "name"): [RULE["name"]],
    ("stacking-groups", "key"): ids("/stacking-groups", "key"),
}
TURN = 0


def turn(choices):
    """One after the other, so that every run makes the same choices."""
    return copy.deepcopy(choices[TURN // 3 % len(choices)])


@schemathesis.check
def what_fits_is_read(context, response, case):
    """A request that fits the document is not refused as one that does not fit the call."""
    if case.meta and case.meta.generation.mode.is_positive and response.status_code in (400, 422):
        problem = response.json()
        if problem["code"] in ("bad_body", "bad_query", "bad_json"):
            raise AssertionError(f"{problem['code']}: {problem['detail']}")


@schemathesis.hook
def before_call(context, case, kwargs):
    global TURN
    TURN += 1
    path = case.operation.path.removeprefix("/api/v1/")
    case.body = whole(case.body)
    body = case.body if isinstance(case.body, dict) else {}
    if path.startswith("webhooks") and "://" in str(body.get("url")):
        body["url"] = body["url"].split("://")[0] + "://127.0.0.1:9/fuzz"
    if TURN % 3 == 0:
        return
    fill_path(path, case.path_parameters or {})
    fill_query(path, case.query or {})
    fill_body(path, body)
    headers = case.headers or {}
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = f"fuzz-{TURN}"
    if path.endswith(("/approve", "/reject")) and case.headers is not None:
        case.headers["Authorization"] = f"Bearer {APPROVER}"


def whole(value):
    """JSON Schema takes 461.0 for a whole number; the server takes 461 only."""
    if isinstance(value, dict):
        return {name: whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def fill_path(path, parameters):
    begin = path.split("/")[0]
    for name in parameters:
        if (begin, name) in THERE:
            parameters[name] = turn(THERE[begin, name])
    if "batch" in parameters:
        parameters["id"], parameters["batch"] = turn(BATCHES)
    if path.endswith("/flow"):
        parameters["segment"] = RULE["name"]


def fill_query(path, query):
    for name in list(query):
        if name == "as_of" or name in ("from", "to") and path.endswith("/flow"):
            query[name] = DAYS[-1] if name == "to" else turn(DAYS[:-1])
        elif name == "segment":
            query[name] = turn(SEGMENTS)
        elif name == "customer_id":
            query[name] = turn(CUSTOMERS)
        elif name == "cursor":
            del query[name]


def fill_body(path, body):
    if "plan" in body:
        body["plan"] = turn(PLANS)
    if path == "campaigns":
        body["key"] = f"fuzz-{TURN}"
    if path.endswith("/amendments") and body:
        body.pop("digest", None), body.pop("config", None)
        body["plan"] = turn(PLANS)
        body["plan"]["goal"]["purpose"] += f" {TURN}"
    if path.endswith("/coupons") and body:
        for name in turn([("customers", "segment"), ("count", "segment"), ("count", "customers")]):
            body.pop(name, None)
    if path.startswith(("bindings", "segmentation")) and "digest" in body:
        body["digest"], body["config"] = RULE["digest"], copy.deepcopy(RULE["config"])
    for name in body:
        if name == "name" and path.startswith("segmentation"):
            body["name"] = RULE["name"]
        elif name == "customer_id":
            body[name] = turn(CUSTOMERS)
        elif name == "customers":
            body[name] = CUSTOMERS[:2]
        elif name == "segment":
            body[name] = turn(SEGMENTS)
        elif name == "expires_at":
            body[name] = "2100-01-01"
        elif name == "code":
            body[name] = COUPON
        elif name == "file":
            body[name] = turn(FILES)
        elif name == "identities":
            body[name] = [{"kind": "phone", "value": f"139{TURN:08}"}]
