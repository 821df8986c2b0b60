"""What goes before the published description: recorded answers, then the sandbox's choices.

The description requires hardly any field and knows ``name`` and ``message`` only in an
error. Where the live Engine was seen to answer, its answer decides.
"""

from __future__ import annotations

from typing import Any

type Rule = dict[str, Any]
type Answers = dict[str, str | None]  # the name of the body by status, None for no body

# Recorded of the first three. The status for a missing secret was not; the key is refused
# by 401 in the description, without a name.
STATUS_OF_ERROR = {
    "malformed_request": "400",
    "route_not_found": "404",
    "tool_authorization_required": "403",
    "tool_requirements_not_met": "400",
    "unauthorized": "401",
}

UNKNOWN_ROUTE: Answers = {"401": "Error", "404": "NoRoute"}

# Inferred from the clients: every route also exists below a project, where the arcade
# command leaves "admin" out before "secrets".
_PROJECT = "/v1/orgs/[^/]+/projects/[^/]+/"
BELOW_A_PROJECT = ((rf"{_PROJECT}(?=secrets(/|$))", "/v1/admin/"), (_PROJECT, "/v1/"))

# Published, but the sandbox leaves it out. It may say so, which is a choice.
NOT_IMITATED = r"/v1/(chat/completions|gateways|hooks|plugins|swagger)(/.*)?"
SAYS_SO: Answers = UNKNOWN_ROUTE | {"400": "NotImitated"}

# The description leaves these out.
MORE_ANSWERS: dict[str, dict[str, Answers]] = {
    # Recorded: the command line of Arcade sends PUT.
    "/v1/admin/secrets/{secret_key}": {"PUT": {"200": "StoredSecretResponse"}},
    # Recorded: two hosts confirm users, and their errors differ. A wrong body has the Engine's
    # form at both, which is a choice.
    "/api/v1/oauth/confirm_user": {
        "POST": {
            "200": "AuthorizationConfirmUserResponse",
            "400": "CloudError",
            "401": "CloudError",
        }
    },
    "/v1/auth/confirm_user": {"POST": {"400": "ConfirmUserError"}},
    # Choice: what the Engine says of an unknown or unreachable worker is not known.
    "/v1/workers/{id}": {"GET": {"404": "Error"}},
    "/v1/workers/{id}/authorize": {"GET": {"404": "Error"}},
    "/v1/workers/{id}/health": {"GET": {"404": "Error"}},
    "/v1/workers/{id}/tools": {"GET": {"404": "Error"}},
}

_WITHOUT_KEY = ("/v1/config", "/v1/health")


def completed(path: str, method: str, answers: Answers) -> Answers:
    """Return a route's answers with the errors that all routes have in common.

    Recorded: 401, 415 and, for a body that fails validation, 400. Choice: 400 for a page's
    limit or offset that is no number; and no 5xx, because clients repeat such a request.
    """
    common: Answers = {}
    if path not in _WITHOUT_KEY:
        common["401"] = "Error"
    if method in ("POST", "PUT", "PATCH"):
        common |= {"400": "Error", "415": "Error"}
    if (answers.get("200") or "").startswith("OffsetPage"):
        common["400"] = "Error"
    return {status: name for status, name in (common | answers).items() if status < "500"}


# Answered for people, not for programs: nothing here is JSON, save an unknown route.
PAGES = (
    r"/dashboard(/.*)?",
    r"/api/v1/oauth/[^/]+/callback",
    r"/api/v1/oauth/callback_(verify|success)",
    r"/_sandbox(/.*)?",
)


def _only_if(field: str, value: Any, then: Rule) -> Rule:
    """Return a rule for the objects in which ``field`` has ``value``."""
    return {"if": {"required": [field], "properties": {field: {"const": value}}}, "then": then}


def _required(*fields: str, **properties: Rule) -> Rule:
    return {"required": [*fields, *properties], "properties": properties}


def _exactly(**properties: Rule) -> Rule:
    """Return a rule for an object that has these fields and no others."""
    return {"type": "object", "additionalProperties": False, **_required(**properties)}


_TIME = {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_TEXT = {"type": "string", "minLength": 1}

# One parameter of a tool, in the words of JSON Schema.
_PROPERTY: Rule = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": ["array", "boolean", "integer", "number", "object", "string"]},
        "description": {"type": "string"},
        "enum": {"type": "array", "items": {"type": "string"}},
        "items": {"type": "object"},
        "properties": {"type": "object"},
    },
    "additionalProperties": False,
}

_ERROR: Rule = {
    "type": "object",
    "required": ["name", "message"],
    "properties": {
        "name": _TEXT,
        "message": _TEXT,
        # Recorded with a body that fails validation.
        "field_errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["field", "rule", "message"],
                "properties": {"field": _TEXT, "rule": _TEXT, "message": _TEXT},
                "additionalProperties": False,
                **_only_if(
                    "rule", "required", _required(message={"pattern": " is a required field$"})
                ),
            },
        },
    },
    "dependentSchemas": {
        "field_errors": _required(
            name={"const": "malformed_request"},
            message={"pattern": r"^failed to validate request body: \S+: \S+ \S+$"},
        )
    },
    "allOf": [
        _only_if(
            "name",
            "tool_authorization_required",
            _required(message={"const": "authorization required"}),
        ),
    ],
}

# Fields that the description does not have.
MORE_FIELDS: dict[str, dict[str, Rule]] = {
    # In the types of arcadepy 1.10.0, which is newer than the description.
    "SecretResponse": {"hint": {"type": "string"}},
    # The arcade command looks for last_accessed_at, also in a secret that nobody has used.
    "StoredSecretResponse": {
        "hint": {"type": "string"},
        "last_accessed_at": {"type": ["string", "null"]},
    },
}

# Take the place of what is published.
REPLACED: dict[str, Rule] = {
    "Error": {
        **_ERROR,
        "not": {"properties": {"name": {"const": "route_not_found"}}},
        "additionalProperties": False,
    },
    # Recorded: name and message, nothing else.
    "NoRoute": _ERROR
    | _required(
        name={"const": "route_not_found"},
        message={"const": "requested route is not found or method is not allowed"},
    )
    | {"additionalProperties": False},
    # Documented: no `strict`, and these fields only.
    "OpenAITool": _exactly(
        type={"const": "function"},
        function=_exactly(
            name=_TEXT,
            description={"type": "string"},
            parameters=_exactly(
                type={"const": "object"},
                properties={"type": "object", "additionalProperties": _PROPERTY},
                required={"type": "array", "items": _TEXT},
            ),
        ),
    ),
    "NotImitated": _ERROR
    | _required(name={"const": "not_imitated"}, message={"pattern": "does not imitate"})
    | {"additionalProperties": False},
    # The description types verifier_url as a string, and says in words that null is shown.
    "SessionVerificationSettingsResponse": _required(
        verifier_url={"type": ["string", "null"]},
        unsafe_skip_verification={"type": "boolean"},
        unsafe_skip_verification_choice_allowed={"type": "boolean"},
    )
    | {"additionalProperties": False},
    "CloudError": {
        "anyOf": [
            _exactly(code={"const": 401}, msg={"const": "Unauthorized"}),
            _exactly(code={"const": 400}, msg={"const": "Bad request"}, data={"type": "null"}),
            _exactly(
                code={"const": 400},
                error={"const": "user_mismatch"},
                msg={"const": "An error occurred during verification"},
            ),
            {"$ref": "#/bodies/Error"},
        ],
    },
    # Recorded: the cloud's host answers with code, msg, data and error where the Engine's
    # has name and message. Which set the Engine sends here is not known: it sends both.
    "ConfirmUserError": {
        **_ERROR,
        "properties": {
            **_ERROR["properties"],
            "code": {"enum": [400, 401]},
            "msg": _TEXT,
            "data": {"type": "null"},
            "error": {"const": "user_mismatch"},
        },
        "dependentRequired": {"code": ["msg"], "msg": ["code"], "data": ["code"]},
        "additionalProperties": False,
        "allOf": [
            *_ERROR["allOf"],
            _only_if(
                "name",
                "user_mismatch",
                _required(
                    "error",
                    code={"const": 400},
                    msg={"const": "An error occurred during verification"},
                ),
            ),
            _only_if(
                "name",
                "bad_request",
                _required("data", code={"const": 400}, msg={"const": "Bad request"}),
            ),
        ],
    },
}

# Recorded: a page names all five, and a list is never null.
_PAGE = _required(
    "items",
    limit={"minimum": 1, "maximum": 100},
    offset={"minimum": 0},
    page_count={"minimum": 0},
    total_count={"minimum": 0},
)

# Recorded: of a secret is told that it exists, never its value.
_SECRET = {**_required("binding", "editable", "exists"), "not": {"required": ["value"]}}

_OPENAI_SCHEMA: Rule = {
    "properties": {
        "formatted_schema": {
            "properties": {"openai": {"$ref": "#/bodies/OpenAITool"}},
            "propertyNames": {"enum": ["arcade", "openai", "anthropic"]},
        }
    }
}

# Hold besides what is published.
TIGHTENED: dict[str, Rule] = {
    # Recorded: `ar_` and a URL while pending; then `ac_`, a token and no URL. For a tool that
    # needs no authorization the answer is the sandbox's choice, and it names no provider.
    "auth.AuthorizationResponse": {
        **_required("id", "user_id", "status", "context", "scopes"),
        "allOf": [
            _only_if(
                "status",
                "pending",
                _required(
                    "url", "provider_id", id={"pattern": "^ar_"}, context={"maxProperties": 0}
                ),
            ),
            _only_if(
                "status",
                "completed",
                _required(id={"pattern": "^ac_"}) | {"not": {"required": ["url"]}},
            ),
            {
                "if": {
                    "required": ["provider_id"],
                    "properties": {"status": {"const": "completed"}},
                },
                "then": _required(context={"required": ["token"]}),
            },
        ],
    },
    # Recorded: an `ar_` id and always a next_uri.
    "AuthorizationConfirmUserResponse": _required("next_uri", auth_id={"pattern": "^ar_"}),
    # Recorded: a failure has no execution and the zero time. Scheduled calls were not recorded.
    "ExecuteToolResponse": {
        **_required("execution_type", "status", id={"pattern": "^te_"}),
        **_only_if(
            "execution_type",
            "immediate",
            {
                **_required("execution_id", "duration", "output", "success", finished_at=_TIME),
                "allOf": [
                    _only_if(
                        "success",
                        True,
                        _required(
                            status={"const": "completed"},
                            execution_id={"pattern": "^tc_"},
                            output={"required": ["value"], "not": {"required": ["error"]}},
                        ),
                    ),
                    _only_if(
                        "success",
                        False,
                        _required(
                            status={"const": "failed"},
                            execution_id={"const": ""},
                            finished_at={"const": "0001-01-01T00:00:00Z"},
                            output={"required": ["error"], "not": {"required": ["value"]}},
                        ),
                    ),
                ],
            },
        ),
    },
    # Recorded: both names of a tool, the second with the toolkit's version if there is one.
    "ToolResponse": _required(
        "requirements",
        qualified_name={"pattern": r"^\w+\.\w+$"},
        fully_qualified_name={"pattern": r"^\w+\.\w+(@\S+)?$"},
    )
    | {"allOf": [_OPENAI_SCHEMA]},
    "Requirements": _required("met"),
    # Other formats than OpenAI's, which has a type, are not known.
    "ArbitraryObject": {
        "if": {"required": ["type"]},
        "then": {"$ref": "#/bodies/OpenAITool"},
    },
    "AuthProviderResponse": _required("id", "type", "status", "binding", "oauth2"),
    "OAuth2ConfigResponse": _required("client_id", "redirect_uri", client_secret=_SECRET),
    "WorkerResponse": _required("id", "type", "enabled", "binding"),
    "HTTPWorkerConfigResponse": _required("uri", "timeout", "retry", secret=_SECRET),
    "HealthSchema": _required("healthy"),
    "EngineConfigResponse": _required("oauth2"),
    "StoredSecretResponse": _required("id", "key"),
    "ToolRequirementsResponse": _required("met"),
    "UserAuthProviderConnectionResponse": _required("id", "provider_id", "user_id"),
    "ValidateCustomVerifierResponse": _required("flow_id", "next_uri"),
    "WorkerHealthResponse": _required("id", "enabled", "healthy"),
    "WorkerTestResponse": _required("success"),
    **dict.fromkeys(
        (
            "OffsetPage-ArbitraryObject",
            "OffsetPage-AuthProviderResponse",
            "OffsetPage-StoredSecretResponse",
            "OffsetPage-ToolExecutionListResponse",
            "OffsetPage-ToolResponse",
            "OffsetPage-UserAuthProviderConnectionResponse",
            "OffsetPage-WorkerResponse",
        ),
        _PAGE,
    ),
}
