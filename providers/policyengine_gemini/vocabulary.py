"""List the values that Google's image APIs are known to send.

Taken from `types.py` of google-genai 3.4.0 (https://pypi.org/project/google-genai/3.4.0/, checked 2026-11-22).
Values reach the wire before any SDK knows them, so an unknown one is drift to report, not an error.
"""

from __future__ import annotations

__all__ = [
    "BLOCK_REASONS",
    "FINISH_REASONS",
    "INTERACTION_CODES",
    "INTERACTION_STATUSES",
    "JOB_STATES",
    "RPC_CODES",
    "RPC_STATUSES",
]

FINISH_REASONS = frozenset(
    {
        "FINISH_REASON_UNSPECIFIED",
        "STOP",
        "MAX_TOKENS",
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "OTHER",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MALFORMED_FUNCTION_CALL",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_OTHER",
        "NO_IMAGE",
        "IMAGE_RECITATION",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "MALFORMED_RESPONSE",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
        "CONTINUATION",
        "MODEL_ARMOR",
    }
)
"""`candidates[].finishReason`."""

BLOCK_REASONS = frozenset(
    {
        "BLOCKED_REASON_UNSPECIFIED",
        "SAFETY",
        "OTHER",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "IMAGE_SAFETY",
        "MODEL_ARMOR",
        "JAILBREAK",
    }
)
"""`promptFeedback.blockReason`."""

JOB_STATES = frozenset(
    {
        *(
            f"JOB_STATE_{name}"
            for name in (
                "UNSPECIFIED",
                "QUEUED",
                "PENDING",
                "RUNNING",
                "SUCCEEDED",
                "FAILED",
                "CANCELLING",
                "CANCELLED",
                "PAUSED",
                "EXPIRED",
                "UPDATING",
                "PARTIALLY_SUCCEEDED",
            )
        ),
        *(
            f"BATCH_STATE_{name}"
            for name in ("UNSPECIFIED", "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")
        ),
    }
)
"""State of a batch job: JOB_STATE_* from the SDKs and Vertex, BATCH_STATE_* from the raw Gemini API."""

RPC_CODES = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    416: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""google.rpc codes and the HTTP statuses they travel as, for errors that leave `status` out.

https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto (checked 2026-11-22)
"""

RPC_STATUSES = frozenset(RPC_CODES.values())
"""`error.status`."""

INTERACTION_STATUSES = frozenset(
    {
        "in_progress",
        "requires_action",
        "completed",
        "failed",
        "cancelled",
        "incomplete",
        "budget_exceeded",
        "queued",
        "requires_continuation",
    }
)
"""Status of an interaction."""

INTERACTION_CODES = frozenset(
    {
        "safety",
        "recitation",
        "language",
        "prohibited_content",
        "spii",
        "blocklist",
        "image_safety",
        "image_prohibited_content",
        "image_recitation",
        "image_other",
        "content_blocked",
        "invalid_request",
        "failed_precondition",
        "parameter_unknown",
        "authentication",
        "payment_required",
        "permission_denied",
        "not_found",
        "model_not_found",
        "already_exists",
        "aborted",
        "out_of_range",
        "rate_limit_exceeded",
        "quota_exceeded",
        "too_many_requests",
        "cancelled",
        "api_error",
        "unimplemented",
        "service_unavailable",
        "deadline_exceeded",
    }
)
"""Error codes of the Interactions API (https://ai.google.dev/gemini-api/docs/api-errors, checked 2026-11-22)."""
