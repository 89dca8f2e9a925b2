"""List the values that OpenAI, Azure and gateways documented for the fields that rules read; others are drift."""

from __future__ import annotations

__all__ = ["AZURE_CODES", "CODES", "INCOMPLETE_REASONS", "JOB_STATUSES", "RESPONSE_STATUSES"]

_MODERATION = ("moderation_blocked", "content_policy_violation", "image_content_policy_violation", "content_filter")
_MONEY = (
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_usage_limit_exceeded",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
)
_ACCESS = (
    "invalid_api_key",
    "account_deactivated",
    "invalid_organization",
    "mismatched_organization",
    "unsupported_country_region_territory",
    "Forbidden",  # Azure's, which gateways pass on
)
_CAPACITY = ("rate_limit_exceeded", "slow_down", "server_is_overloaded")
_FAULTS = ("server_error", "internal_error", "vector_store_timeout")
_REQUEST = (
    "unknown_parameter",
    "invalid_value",
    "invalid_size",
    "invalid_type",
    "invalid_json",
    "missing_required_parameter",
    "unsupported_parameter",
    "unsupported_value",
    "string_above_max_length",
    "model_not_found",
    "context_length_exceeded",
    "invalid_image_file",
    "invalid_input_fidelity_model",
    "convert_request_failed",
)
# openai-python 3.54.0, types/responses/response_error.py (checked 2026-11-22)
_RESPONSES = (
    "invalid_prompt",
    "data_residency_mismatch",
    "bio_policy",
    "misalignment_policy_violation",
    "invalid_image",
    "invalid_image_format",
    "invalid_base64_image",
    "invalid_image_url",
    "image_too_large",
    "image_too_small",
    "image_parse_error",
    "invalid_image_mode",
    "image_file_too_large",
    "unsupported_image_media_type",
    "empty_image_file",
    "failed_to_download_image",
    "image_file_not_found",
)
_BATCH = ("batch_expired", "batch_cancelled")
# LiteLLM and OpenRouter send the HTTP status as the code
_NUMERIC = tuple(str(status) for status in (400, 401, 402, 403, 404, 408, 422, 429, 500, 502, 503, 504, 529))

_PASSED_ON = ("Forbidden",)  # Azure's, in the errors of gateways; github.com/pollinations/pollinations/issues/12446
CODES = frozenset(
    (*_MODERATION, *_MONEY, *_ACCESS, *_CAPACITY, *_FAULTS, *_REQUEST, *_RESPONSES, *_BATCH, *_NUMERIC, *_PASSED_ON)
)
"""Error codes of OpenAI's endpoints and the commonest gateways."""

# learn.microsoft.com/azure/ai-foundry/openai: how-to/dall-e, quotas-limits, concepts/content-filter; 2026-11-22
AZURE_CODES = CODES | {
    "contentFilter",
    "ResponsibleAIPolicyViolation",
    "DeploymentNotFound",
    "OperationNotSupported",
    "BadRequest",
    "RateLimitReached",
    "TooManyRequests",
    "NoCapacity",
    "Timeout",
    "InternalServerError",
    "ServiceUnavailable",
    "PermissionDenied",
    "AccessDenied",
    "Unauthorized",
}
"""Error codes of Azure OpenAI."""

# openai-python 3.54.0, types/responses/response_status.py and response.py
RESPONSE_STATUSES = frozenset({"completed", "failed", "in_progress", "cancelled", "queued", "incomplete"})
INCOMPLETE_REASONS = frozenset({"max_output_tokens", "max_messages", "content_filter", "steered"})
# DALL-E 2 on Azure, api-version 2023-06-01-preview
JOB_STATUSES = frozenset({"notRunning", "running", "succeeded", "failed", "canceled", "cancelled", "deleted"})
