/**
 * What servers really say when they refuse, from their own code, documentation and the bug reports of their users: whose
 * words, status, body, the error that it is, and what its hint must show. `stops` marks the caller's mistakes, which no
 * other model is asked for.
 */
import type { OllamaError } from "effect-ollama"

export interface Refusal {
  readonly from: string
  readonly status: number
  readonly body: unknown
  readonly tag: OllamaError.ModelEndpointError["_tag"]
  /** The sentence that the hint shows; `undefined` when it shows numbers or nothing instead. */
  readonly says?: string
  readonly reason?: string
  /** Tokens of the prompt and of the context. */
  readonly tokens?: readonly [number | undefined, number]
  readonly stops?: true
}

const row = (
  from: string,
  status: number,
  body: unknown,
  tag: Refusal["tag"],
  says?: string,
  more: Pick<Refusal, "reason" | "tokens" | "stops"> = {}
): Refusal => ({ from, status, body, tag, ...(says === undefined ? {} : { says }), ...more })

const error = (message: unknown, more: object = {}) => ({ error: { message, ...more } })
const flat = (message: string, type: string, code: unknown) => ({ object: "error", message, type, param: null, code })
const quota = { reason: "quota" }
const rate = { reason: "rate" }

// =============================================================================
// Ollama and its cloud
// =============================================================================

const stopping = (status: number, text: string): Refusal =>
  row("Ollama", status, { error: text }, "InvalidRequest", text, { stops: true })

export const ollama: ReadonlyArray<Refusal> = [
  stopping(500, "option \"num_ctx\" must be of type integer"),
  stopping(500, "invalid format: \"\\\"xml\\\"\"; expected \"json\" or a valid JSON Schema object"),
  stopping(400, "illegal base64 data at input byte 4"),
  stopping(400, "invalid character 'n' looking for beginning of object key string"),
  stopping(400, "invalid model name"),
  stopping(400, "invalid think value: \"enormous\" (must be \"high\", \"medium\", \"low\", \"max\", true, or false)"),
  stopping(400, "missing request body"),
  stopping(400, "model is required"),
  stopping(400, "time: invalid duration \"soon\""),
  stopping(400, "unexpected EOF"),
  stopping(400, "EOF"),
  stopping(400, "[] is too short - 'messages'"),
  stopping(400, "image URLs are not currently supported, please use base64 encoded data instead"),
  stopping(400, "invalid image input"),
  stopping(400, "invalid message content type: <nil>"),
  stopping(400, "invalid reasoning value: 'enormous' (must be \"high\", \"medium\", \"low\", \"max\", or \"none\")"),
  stopping(400, "invalid tool call arguments"),
  // of a pull, a push or a create, in a line of a stream
  row("Ollama", 200, "open /api/models/blobs/sha256-6a: no such file or directory", "ServerError", "no such file"),
  row("a proxy", 200, "unable to open /v1/models: 404", "EndpointNotFound"),
  row("a proxy", 404, { error: "could not read /v1/foo" }, "EndpointNotFound"),
  row(
    "Ollama",
    200,
    "pull model manifest: 412: \n\nThe model you are attempting to pull requires a newer version of Ollama.\n",
    "ServerError",
    "Update the server"
  ),
  row(
    "Ollama",
    200,
    "write /root/.ollama/models/blobs/sha256-6a-partial: no space left on device",
    "ServerError",
    "full"
  ),
  row(
    "Ollama",
    200,
    "open /root/.ollama/models/blobs/sha256-6a-partial: permission denied",
    "ServerError",
    "the right to"
  ),
  row(
    "Ollama",
    200,
    "you are not authorized to push to this namespace, create the model under a namespace you own",
    "ServerError",
    "namespace of your own"
  ),
  row("Ollama", 500, { error: "unexpected EOF" }, "ServerError", "unexpected EOF"),
  ...[200, 500, 503].map((status) =>
    row(
      "Ollama",
      status,
      { error: "model requires more system memory (8.0 GiB) than is available (4.0 GiB)" },
      "ServerError",
      "(4.0 GiB)). Free memory there, or use a smaller model"
    )
  ),
  row("Ollama", 500, { error: "EOF" }, "ServerError", "EOF"),
  row(
    "Ollama",
    500,
    { error: "invalid character '<' looking for beginning of value" },
    "ServerError",
    "looking for beginning of value"
  ),
  row(
    "Ollama before 0.31.2",
    400,
    { error: "invalid think value: \"max\" (must be \"high\", \"medium\", \"low\", true, or false)" },
    "ThinkingNotSupported",
    "invalid think value: \"max\""
  ),
  row(
    "Ollama 0.31.2",
    400,
    error("invalid reasoning value: 'xhigh' (must be \"high\", \"medium\", \"low\", \"max\", or \"none\")"),
    "ThinkingNotSupported",
    "invalid reasoning value: 'xhigh'"
  ),
  row(
    "Ollama 0.12.3",
    400,
    { error: "think value \"none\" is not supported for this model" },
    "ThinkingNotSupported",
    "think value \"none\" is not supported"
  ),
  row(
    "Ollama 0.9",
    400,
    { error: "json: cannot unmarshal string into Go struct field ChatRequest.think of type bool" },
    "ThinkingNotSupported",
    "ChatRequest.think"
  ),
  row(
    "Ollama",
    400,
    { error: "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message" },
    "RequestRejected",
    "json: cannot unmarshal string"
  ),
  row("Ollama", 400, { error: "\"m\" does not support thinking" }, "ThinkingNotSupported", "does not support thinking"),
  row("Ollama", 400, { error: "\"m\" does not support chat" }, "RequestRejected", "It is no chat model"),
  row(
    "Ollama",
    400,
    { error: "registry.ollama.ai/library/m:latest does not support tools" },
    "ToolsNotSupported",
    "does not support tools"
  ),
  row("Ollama", 404, { error: "model 'm' not found" }, "ModelNotFound", "model 'm' not found"),
  row(
    "Ollama",
    404,
    { error: "model \"m\" not found, try pulling it first" },
    "ModelNotFound",
    "pull it with `ollama pull m`"
  ),
  row("Ollama", 400, { error: "EOF of the stream" }, "RequestRejected", "EOF of the stream"),
  row(
    "Ollama",
    400,
    { error: "it can only generate limited output" },
    "RequestRejected",
    "it can only generate limited"
  ),
  row("Ollama", 499, { error: "request canceled" }, "ServerError", "request canceled"),
  row("Ollama", 404, "404 page not found", "EndpointNotFound", "The base URL is probably wrong"),
  row("Ollama", 405, "405 method not allowed", "EndpointNotFound", "The base URL is probably wrong"),
  row("Ollama", 403, "", "Forbidden", "Set OLLAMA_ORIGINS", { reason: "host-or-origin" }),
  row(
    "Ollama",
    403,
    { error: "ollama cloud is disabled: remote model is unavailable" },
    "Forbidden",
    "Unset OLLAMA_NO_CLOUD",
    { reason: "cloud-disabled" }
  ),
  row(
    "Ollama",
    400,
    { error: "this server cannot run this remote model" },
    "Forbidden",
    "cannot run this remote model",
    { reason: "other" }
  ),
  row(
    "Ollama",
    400,
    { error: "the input length exceeds the context length" },
    "ContextOverflow",
    "the input length exceeds the context length"
  ),
  row(
    "Ollama",
    400,
    { error: "the prompt is longer than the context length currently available to the model; shorten it" },
    "ContextOverflow",
    "longer than the context length"
  ),
  row(
    "Ollama 0.33",
    400,
    {
      error:
        "{\"error\": {\"code\": 400, \"message\": \"request (1010 tokens) exceeds the available context size (64 tokens), try increasing it\", \"type\": \"exceed_context_size_error\", \"n_prompt_tokens\": 1010, \"n_ctx\": 64}}"
    },
    "ContextOverflow",
    "The prompt has 1010 tokens and the context 64.",
    { tokens: [1010, 64] }
  ),
  row(
    "Ollama",
    500,
    {
      error:
        "{\"error\":{\"code\":500,\"message\":\"\\n------------\\nWhile executing CallExpression at line 85, column 32 in source:\\n...first %}↵            {{- raise_exception('System message must be at the beginnin...\\n                                           ^\\nError: Jinja Exception: System message must be at the beginning.\",\"type\":\"server_error\"}}"
    },
    "ServerError",
    "(500: Jinja Exception: System message must be at the beginning). The model's template does not take these messages"
  ),
  row(
    "Ollama 0.6.3",
    500,
    {
      error: "template: :7:7: executing \"\" at <.Thinking>: can't evaluate field Thinking in type *api.Message"
    },
    "ServerError",
    "The model's template does not take these messages"
  ),
  row(
    "Ollama",
    500,
    { error: "an error was encountered while running the model: unexpected EOF" },
    "ServerError",
    "an identical retry often succeeds"
  ),
  row(
    "Ollama",
    500,
    { error: "error parsing tool call: raw='{\"secret of the model\": 1', err=unexpected end of JSON input" },
    "ServerError",
    "error parsing tool call: raw='…', err=unexpected end of JSON input"
  ),
  row(
    "Ollama",
    500,
    { error: "llama-server chat error: map[code:500 message:the slot was lost type:server_error]" },
    "ServerError",
    "(500: llama-server chat error: the slot was lost)"
  ),
  row(
    "Ollama",
    503,
    { error: "server busy, please try again.  maximum pending requests exceeded" },
    "ServerBusy",
    "maximum pending requests exceeded"
  ),
  row(
    "Ollama's cloud",
    400,
    { error: "prompt too long; exceeded max context length by 42 tokens (ref: 0)" },
    "ContextOverflow",
    "prompt too long; exceeded max context length by 42 tokens"
  ),
  row(
    "Ollama's cloud",
    410,
    { error: "model \"qwen3-vl:235b\" was retired on 2026-06-16 (ref: 0)" },
    "ModelNotFound",
    "no longer has the model"
  ),
  row(
    "Ollama's cloud",
    401,
    { error: "unauthorized", signin_url: "https://ollama.com/connect?name=h&key=k" },
    "Unauthorized",
    "open https://ollama.com/connect?name=h&key=k"
  ),
  row(
    "Ollama's cloud",
    403,
    { error: "this model requires a subscription, upgrade for access: https://ollama.com/upgrade (ref: 0)" },
    "Forbidden",
    "this model requires a subscription",
    { reason: "other" }
  ),
  row(
    "Ollama's cloud",
    429,
    {
      StatusCode: 429,
      Status: "429 Too Many Requests",
      error: "you (user) have reached your session usage limit, upgrade for higher limits: https://ollama.com/upgrade"
    },
    "RateLimited",
    "The quota or balance",
    quota
  ),
  row(
    "Ollama's cloud",
    429,
    { error: "you have reached your weekly limit, upgrade for higher limits: https://ollama.com/upgrade" },
    "RateLimited",
    "weekly limit",
    quota
  ),
  row(
    "Ollama's cloud, in a success",
    200,
    { error: "sign in to use this", signin_url: "https://ollama.com/connect?name=h" },
    "Unauthorized",
    "open https://ollama.com/connect?name=h"
  ),
  row(
    "Ollama's cloud",
    503,
    { error: "Server overloaded, please retry shortly (ref: 0)" },
    "ServerBusy",
    "Server overloaded"
  ),
  row("Ollama's cloud", 500, { error: "Internal Server Error (ref: 0)" }, "ServerError", "Internal Server Error")
]

// =============================================================================
// servers of one's own
// =============================================================================

export const local: ReadonlyArray<Refusal> = [
  row(
    "llama.cpp",
    400,
    error("the request exceeds the available context size. try increasing the context size or enable context shift", {
      code: 400,
      type: "invalid_request_error"
    }),
    "ContextOverflow",
    "exceeds the available context size"
  ),
  row(
    "llama.cpp",
    500,
    error("tools param requires --jinja flag", { code: 500, type: "server_error" }),
    "ToolsNotSupported",
    "tools param requires --jinja flag"
  ),
  row(
    "llama.cpp",
    500,
    { code: 500, message: "Unsupported param: tools", type: "server_error" },
    "ToolsNotSupported",
    "Unsupported param: tools"
  ),
  row(
    "llama.cpp",
    500,
    error("image input is not supported - hint: if this is unexpected, you may need to provide the mmproj", {
      code: 500,
      type: "server_error"
    }),
    "ImagesNotSupported",
    "image input is not supported"
  ),
  row(
    "llama.cpp",
    404,
    error("File Not Found", { code: 404, type: "not_found_error" }),
    "EndpointNotFound",
    "File Not Found"
  ),
  row(
    "llama.cpp",
    503,
    error("Loading model", { code: 503, type: "unavailable_error" }),
    "ServerBusy",
    "Loading model"
  ),
  row(
    "llama.cpp",
    401,
    error("Invalid API Key", { code: 401, type: "authentication_error" }),
    "Unauthorized",
    "Invalid API Key"
  ),
  row(
    "llama.cpp",
    400,
    error(
      "Unable to generate parser for this template. Automatic parser generation failed: \n------------\nWhile executing CallExpression at line 85, column 32 in source:\n...first %}↵            {{- raise_exception('System message must be at the beginnin...\n                                           ^\nError: Jinja Exception: System message must be at the beginning.",
      { code: 400, type: "invalid_request_error" }
    ),
    "RequestRejected",
    "(400: Jinja Exception: System message must be at the beginning). The model's template"
  ),
  row(
    "llama.cpp",
    500,
    error("Failed to parse input at pos 27: <|tool_call|>the model's words", { code: 500, type: "server_error" }),
    "ServerError",
    "(500: Failed to parse input at pos 27)"
  ),
  row(
    "LM Studio",
    400,
    {
      error:
        "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter input."
    },
    "ContextOverflow",
    "The prompt has 13055 tokens and the context 4096.",
    { tokens: [13055, 4096] }
  ),
  ...[200, 400, 500].flatMap((status) => [
    row(
      "LM Studio",
      status,
      error(
        "Trying to keep the first 13297 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input. Error Data: n/a, Additional Data: n/a"
      ),
      "ContextOverflow",
      "The prompt has 13297 tokens and the context 4096.",
      { tokens: [13297, 4096] }
    ),
    row(
      "LM Studio",
      status,
      error(
        "Reached context length of 4096 tokens with model (arch: qwen3vlmoe) that does not currently support mid-generation context overflow. Try reloading with a larger context length or shortening the prompt/chat."
      ),
      "ContextOverflow",
      "Reached context length of 4096 tokens",
      { tokens: [undefined, 4096] }
    ),
    row(
      "llama.cpp",
      status,
      error(
        "input (596 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
        { code: 500, type: "server_error" }
      ),
      "ContextOverflow",
      "(current batch size: 512). Shorten the prompt, or raise that: num_batch of an Ollama",
      { tokens: [596, 512] }
    )
  ]),
  row(
    "LM Studio",
    400,
    { error: "The model has crashed without additional information. (Exit code: 18446744072635812000)" },
    "ServerError",
    "The model has crashed"
  ),
  row(
    "LM Studio",
    400,
    { error: "Failed to load model \"qwen/qwen3-coder-30b\". Error: Operation canceled." },
    "ServerError",
    "Operation canceled"
  ),
  row(
    "LM Studio",
    404,
    error("No models loaded. Please load a model in the developer page or use the 'lms load' command.", {
      type: "invalid_request_error",
      param: "model",
      code: "model_not_found"
    }),
    "ModelNotFound",
    "No models loaded"
  ),
  row(
    "LM Studio",
    400,
    error("Invalid model identifier \"m\". Please specify a valid downloaded model (e.g. a, b).", {
      type: "invalid_request_error",
      param: "model",
      code: null
    }),
    "ModelNotFound",
    "Invalid model identifier \"m\""
  ),
  row(
    "LM Studio",
    400,
    { error: "Model does not support images. Please use a model that does." },
    "ImagesNotSupported",
    "Model does not support images"
  ),
  row(
    "LM Studio",
    400,
    { error: "Error rendering prompt with jinja template: \"Conversation roles must alternate user/assistant\"." },
    "RequestRejected",
    "let user and assistant take turns"
  ),
  row(
    "LM Studio, in a success",
    200,
    { error: "Unexpected endpoint or method. (POST /api/chat). Returning 200 anyway" },
    "EndpointNotFound",
    "Unexpected endpoint or method"
  ),
  row(
    "vLLM",
    400,
    flat(
      "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set",
      "BadRequestError",
      400
    ),
    "ToolsNotSupported",
    "Start the server as it says"
  ),
  row(
    "vLLM",
    404,
    flat("The model x does not exist.", "NotFoundError", 404),
    "ModelNotFound",
    "The model x does not exist"
  ),
  row("vLLM", 404, { detail: "Not Found" }, "EndpointNotFound", "Not Found"),
  row(
    "vLLM",
    400,
    flat(
      "This model's maximum context length is 4096 tokens. However, you requested 4472 tokens (376 in the messages, 4096 in the completion). Please reduce the length of the messages or completion. None",
      "BadRequestError",
      400
    ),
    "ContextOverflow",
    "The prompt has 4472 tokens and the context 4096.",
    { tokens: [4472, 4096] }
  ),
  row(
    "vLLM",
    400,
    flat(
      "The decoder prompt (length 10127) is longer than the maximum model length of 8192. Make sure that `max_model_len` is no smaller than the number of text tokens plus multimodal tokens.",
      "BadRequestError",
      400
    ),
    "ContextOverflow",
    "The prompt has 10127 tokens and the context 8192.",
    { tokens: [10127, 8192] }
  ),
  row(
    "vLLM",
    400,
    flat("facebook/opt-125m is not a multimodal model None", "BadRequestError", 400),
    "ImagesNotSupported",
    "is not a multimodal model"
  ),
  row(
    "vLLM",
    400,
    flat("At most 0 image(s) may be provided in one prompt.", "BadRequestError", 400),
    "ImagesNotSupported",
    "At most 0 image(s)"
  ),
  row(
    "vLLM",
    400,
    flat(
      "[{'type': 'extra_forbidden', 'loc': ('body', 'think'), 'msg': 'Extra inputs are not permitted', 'input': 'what a user wrote'}]",
      "Bad Request",
      400
    ),
    "RequestRejected",
    "(400: Extra inputs are not permitted)"
  ),
  row(
    "vLLM",
    400,
    flat("System message must be at the beginning.", "BadRequestError", 400),
    "RequestRejected",
    "send one system message, first"
  ),
  row("vLLM", 401, { error: "Unauthorized" }, "Unauthorized", "Check the key"),
  row(
    "vLLM",
    500,
    error("EngineCore encountered an issue. See stack trace (above) for the root cause.", {
      type: "InternalServerError",
      code: 500
    }),
    "ServerError",
    "EngineCore encountered an issue"
  ),
  row(
    "SGLang",
    400,
    flat(
      "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
      "BadRequestError",
      400
    ),
    "ContextOverflow",
    "The prompt has 61709 tokens and the context 40960.",
    { tokens: [61709, 40960] }
  ),
  row(
    "TGI",
    422,
    {
      error:
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3474 `inputs` tokens and 60 `max_new_tokens`",
      error_type: "validation"
    },
    "ContextOverflow",
    "The prompt has 3474 tokens and the context 2048.",
    { tokens: [3474, 2048] }
  ),
  row(
    "TGI",
    429,
    { error: "Model is overloaded", error_type: "overloaded" },
    "RateLimited",
    "Model is overloaded",
    rate
  ),
  row(
    "TGI",
    422,
    "Failed to deserialize the JSON body into the target type: tools[0]: missing field `function` at line 1 column 9",
    "RequestRejected",
    "missing field `function`"
  ),
  row(
    "LiteLLM",
    400,
    error("No connected db.", { type: "no_db_connection", param: null, code: "400" }),
    "Unauthorized",
    "wants another key (400: No connected db)"
  ),
  row(
    "LiteLLM",
    400,
    {
      error: {
        message:
          "{'error': '/chat/completions: Invalid model name passed in model=nope. Call `/v1/models` to view available models for your key.'}",
        type: "None",
        param: "None",
        code: "400"
      }
    },
    "ModelNotFound",
    "Invalid model name passed in model=nope"
  ),
  row(
    "LiteLLM",
    401,
    error("Authentication Error, Invalid proxy server token passed. Received API Key = sk-...1234", {
      type: "auth_error",
      code: "401"
    }),
    "Unauthorized",
    "Invalid proxy server token passed"
  ),
  row(
    "LiteLLM",
    400,
    error(
      "litellm.BadRequestError: OpenAIException - {\"error\":{\"message\":\"Insufficient Balance\",\"type\":\"unknown_error\",\"param\":null,\"code\":\"invalid_request_error\"}}",
      { type: null, param: null, code: "400" }
    ),
    "RateLimited",
    "litellm.BadRequestError: OpenAIException: Insufficient Balance",
    quota
  ),
  row(
    "LiteLLM",
    400,
    error("Budget has been exceeded! Current cost: 10.1, Max budget: 10.0", { type: "budget_exceeded", code: "400" }),
    "RateLimited",
    "Budget has been exceeded!",
    quota
  ),
  row(
    "LiteLLM",
    400,
    error(
      "litellm.UnsupportedParamsError: ollama does not support parameters: ['tools'], for model=m. To drop these, set `litellm.drop_params=True`",
      { type: "None", code: "400" }
    ),
    "ToolsNotSupported",
    "does not support parameters: ['tools']"
  ),
  row(
    "claude-code-router",
    404,
    error(
      "Error from provider(404): {\"error\":{\"message\":\"No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing\",\"code\":404}}Error: Error from provider(404): {\"error\":{\"message\":\"x\"}}\n    at bt (/home/me/cli.js:1:2)",
      { type: "api_error", code: "provider_response_error" }
    ),
    "ToolsNotSupported",
    "(404: Error from provider(404): No endpoints found that support tool use."
  ),
  row(
    "new-api",
    503,
    error("No available channel for model m under group default (distributor)", { type: "new_api_error" }),
    "ModelNotFound",
    "No available channel for model m"
  ),
  row("Open WebUI", 404, { detail: "Model not found" }, "ModelNotFound", "Model not found"),
  row(
    "FastAPI",
    422,
    {
      detail: [
        { type: "missing", loc: ["body", "model"], msg: "Field required", input: { messages: "what a user wrote" } },
        { type: "extra_forbidden", loc: ["body", "think"], msg: "Extra inputs are not permitted", input: true }
      ]
    },
    "RequestRejected",
    "(422: Field required; Extra inputs are not permitted)"
  ),
  row(
    "Rails",
    422,
    { errors: ["Tools is invalid", "Model can't be blank"] },
    "RequestRejected",
    "(422: Tools is invalid; "
  ),
  row(
    "Fastify",
    404,
    { statusCode: 404, error: "Not Found", message: "Route POST:/v1/chat not found" },
    "EndpointNotFound"
  ),
  row(
    "Spring",
    404,
    { status: 404, error: "Not Found", path: "/v1/chat/completions" },
    "EndpointNotFound",
    "Not Found"
  ),
  row(
    "Express",
    404,
    "<title>Error</title><pre>Cannot POST /v1/chat</pre>",
    "EndpointNotFound",
    "Cannot POST /v1/chat"
  ),
  row(
    "Go on a TLS port",
    400,
    "Client sent an HTTP request to an HTTPS server.\n",
    "EndpointNotFound",
    "Client sent an HTTP request to an HTTPS server"
  ),
  row(
    "nginx on a TLS port",
    400,
    "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
    "EndpointNotFound",
    "The plain HTTP request was sent to HTTPS port"
  ),
  row(
    "nginx",
    413,
    "<html><head><title>413 Request Entity Too Large</title></head></html>",
    "RequestRejected",
    "shorten it, or send smaller pictures"
  ),
  row("nginx", 502, "<html><head><title>502 Bad Gateway</title></head></html>", "ServerError", "502 Bad Gateway"),
  row("a proxy", 407, "", "RequestRejected", "A proxy on the way wants credentials"),
  row("anyone", 400, "", "RequestRejected", "does not take this request (400)"),
  row("anyone", 400, "Bad Request", "RequestRejected", "(400: Bad Request)"),
  row("anyone", 400, { foo: { bar: [1, 2] } }, "RequestRejected", "does not take this request (400)"),
  row("anyone", 418, "I'm a teapot", "RequestRejected", "I'm a teapot"),
  row(
    "anyone, about a value",
    400,
    { error: "response_format {'type': 'json_schema'} is not supported here" },
    "RequestRejected",
    "(400: response_format: … is not supported here)"
  ),
  row(
    "anyone, about a value that was cut",
    400,
    { error: "bad tool call: {\"city\": \"Par" },
    "RequestRejected",
    "(400: bad tool call: …)"
  ),
  row(
    "LiteLLM",
    400,
    error(
      "litellm.BadRequestError: OpenAIException - {\"error\":{\"message\":\"no such field\"}}. Received Model Group=m\nAvailable Model Group Fallbacks=None"
    ),
    "RequestRejected",
    "OpenAIException: no such field. Received Model Group=m Available Model Group Fallbacks=None"
  ),
  row(
    "anyone, with commas",
    400,
    { error: "prompt is too long: 213,462 tokens > 200,000 maximum" },
    "ContextOverflow",
    "The prompt has 213462 tokens and the context 200000.",
    { tokens: [213462, 200000] }
  ),
  row("anyone", 404, "nothing here", "EndpointNotFound", "nothing here"),
  row("anyone", 404, { error: "nothing here" }, "RequestRejected", "nothing here"),
  row("anyone", 404, { error: "no handler for /v1/chat/completions" }, "EndpointNotFound", "no handler for"),
  row("anyone", 408, "", "ServerError", "an identical retry often succeeds"),
  row(
    "anyone, with a byte order mark",
    400,
    "\uFEFF{\"error\":\"no such field\"}",
    "RequestRejected",
    "(400: no such field)"
  ),
  row(
    "anyone, cut",
    404,
    "{\"error\":{\"message\":\"no such thing\",\"param\":nu",
    "RequestRejected",
    "(404: no such thing)"
  ),
  row(
    "anyone, as an event",
    400,
    "event: error\ndata: {\"error\":\"no such field\"}\n",
    "RequestRejected",
    "(400: no such field)"
  ),
  row(
    "anyone, with a code only",
    400,
    { error: { code: "because_of_this" } },
    "RequestRejected",
    "(400: because_of_this)"
  ),
  row(
    "Ollama 0.11.3",
    500,
    { "error parsing tool call: raw='x', err=y": {} },
    "ServerError",
    "error parsing tool call: raw='…'"
  ),
  row(
    "pydantic",
    400,
    {
      detail:
        "1 validation error: Field required [type=missing, input_value={'a': 'what a user wrote'}, input_type=dict]"
    },
    "RequestRejected",
    "Field required [type=missing, input_type=dict]"
  ),
  row(
    "a router with a stack",
    500,
    error("Error from provider: no\n    at bt (/home/me/cli.js:1:2)\n    at main"),
    "ServerError",
    "(500: Error from provider: no)"
  ),
  row(
    "llama.cpp",
    500,
    error("error loading model: unknown model architecture: 'qwen9'", { code: 500 }),
    "ServerError",
    "unknown model architecture"
  ),
  row(
    "llama.cpp",
    400,
    error("too long", { n_prompt_tokens: 9, n_ctx: 8 }),
    "ContextOverflow",
    "The prompt has 9 tokens and the context 8.",
    { tokens: [9, 8] }
  )
]

// =============================================================================
// hosted APIs
// =============================================================================

export const hosted: ReadonlyArray<Refusal> = [
  row(
    "OpenAI",
    400,
    error(
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 202868 tokens (202767 in the messages, 101 in the functions). Please reduce the length of the messages or functions.",
      { type: "invalid_request_error", param: "messages", code: "context_length_exceeded" }
    ),
    "ContextOverflow",
    "The prompt has 202868 tokens and the context 128000.",
    { tokens: [202868, 128000] }
  ),
  row(
    "OpenAI",
    404,
    error("The model `gpt-9` does not exist or you do not have access to it.", {
      type: "invalid_request_error",
      param: null,
      code: "model_not_found"
    }),
    "ModelNotFound",
    "The model `gpt-9` does not exist"
  ),
  row(
    "OpenAI",
    403,
    error("Project `proj_1` does not have access to model `gpt-9`", {
      type: "invalid_request_error",
      code: "model_not_found"
    }),
    "ModelNotFound",
    "does not have access to model"
  ),
  row(
    "OpenAI",
    401,
    error("Incorrect API key provided: sk-x. You can find your API key at https://platform.openai.com.", {
      type: "invalid_request_error",
      code: "invalid_api_key"
    }),
    "Unauthorized",
    "Incorrect API key provided"
  ),
  row(
    "OpenAI",
    429,
    error("You exceeded your current quota, please check your plan and billing details.", {
      type: "insufficient_quota",
      code: "insufficient_quota"
    }),
    "RateLimited",
    "The quota or balance",
    quota
  ),
  row(
    "OpenAI",
    429,
    error("Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.", {
      type: "tokens",
      code: "rate_limit_exceeded"
    }),
    "RateLimited",
    "Too many requests",
    rate
  ),
  row(
    "OpenAI",
    400,
    error(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      {
        type: "invalid_request_error",
        param: "max_tokens",
        code: "unsupported_parameter"
      }
    ),
    "RequestRejected",
    "(400, unsupported_parameter: Unsupported parameter: 'max_tokens'"
  ),
  row(
    "OpenAI",
    400,
    error("Unsupported value: 'reasoning_effort' does not support 'minimal' with this model.", {
      param: "reasoning_effort",
      code: "unsupported_value"
    }),
    "ThinkingNotSupported",
    "'reasoning_effort' does not support 'minimal'"
  ),
  row(
    "OpenAI",
    400,
    error("Unrecognized request argument supplied: reasoning_effort", { type: "invalid_request_error" }),
    "ThinkingNotSupported",
    "Unrecognized request argument"
  ),
  row(
    "OpenAI",
    400,
    error("Invalid content type. image_url is only supported by certain models.", { code: null }),
    "ImagesNotSupported",
    "image_url is only supported by certain models"
  ),
  row(
    "OpenAI",
    404,
    error("Invalid URL (POST /v1/v1/chat/completions)", { type: "invalid_request_error" }),
    "EndpointNotFound",
    "Invalid URL"
  ),
  row(
    "Azure",
    404,
    {
      error: {
        code: "DeploymentNotFound",
        message:
          "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."
      }
    },
    "ModelNotFound",
    "The API deployment for this resource does not exist"
  ),
  row(
    "Azure",
    404,
    { error: { code: "404", message: "Resource not found" } },
    "EndpointNotFound",
    "Resource not found"
  ),
  row(
    "Azure",
    401,
    { statusCode: 401, message: "Access denied due to invalid subscription key or wrong API endpoint." },
    "Unauthorized",
    "invalid subscription key"
  ),
  row(
    "Azure",
    400,
    error("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", {
      code: "content_filter",
      status: 400
    }),
    "RequestRejected",
    "(400, content_filter: The response was filtered"
  ),
  row(
    "Gemini",
    400,
    [{
      error: {
        code: 400,
        message: "API key not valid. Please pass a valid API key.",
        status: "INVALID_ARGUMENT",
        details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }]
      }
    }],
    "Unauthorized",
    "API key not valid"
  ),
  row(
    "Gemini",
    404,
    [{
      error: {
        code: 404,
        message:
          "models/gemini-9 is not found for API version v1main, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.",
        status: "NOT_FOUND"
      }
    }],
    "ModelNotFound",
    "models/gemini-9 is not found"
  ),
  row(
    "Gemini",
    400,
    [{
      error: {
        code: 400,
        message: "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
        status: "INVALID_ARGUMENT"
      }
    }],
    "ContextOverflow",
    "The prompt has 1196265 tokens and the context 1048575.",
    { tokens: [1196265, 1048575] }
  ),
  row(
    "Gemini",
    400,
    [{
      error: {
        code: 400,
        message: "Function calling is not enabled for models/gemma-3-27b-it",
        status: "INVALID_ARGUMENT"
      }
    }],
    "ToolsNotSupported",
    "Function calling is not enabled"
  ),
  row(
    "Gemini",
    403,
    [{
      error: {
        code: 403,
        message:
          "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
        status: "PERMISSION_DENIED"
      }
    }],
    "Unauthorized",
    "unregistered callers"
  ),
  row(
    "Gemini",
    429,
    [{
      error: {
        code: 429,
        message: "You exceeded your current quota, please check your plan and billing details.",
        status: "RESOURCE_EXHAUSTED"
      }
    }],
    "RateLimited",
    "You exceeded your current quota",
    quota
  ),
  row(
    "Gemini through a proxy",
    400,
    error(
      "{\n  \"error\": {\n    \"code\": 400,\n    \"message\": \"API key not valid. Please pass a valid API key.\",\n    \"status\": \"INVALID_ARGUMENT\"\n  }\n}\n",
      { code: 400, status: "Bad Request" }
    ),
    "Unauthorized",
    "(400: API key not valid. Please pass a valid API key)"
  ),
  row(
    "Anthropic",
    400,
    {
      type: "error",
      error: { type: "invalid_request_error", message: "prompt is too long: 213462 tokens > 200000 maximum" }
    },
    "ContextOverflow",
    "The prompt has 213462 tokens and the context 200000.",
    { tokens: [213462, 200000] }
  ),
  row(
    "Anthropic",
    400,
    {
      type: "error",
      error: {
        type: "invalid_request_error",
        message: "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length"
      }
    },
    "ContextOverflow",
    "exceed context limit: 188240 + 21333 > 200000"
  ),
  row(
    "Anthropic",
    404,
    { type: "error", error: { type: "not_found_error", message: "model: claude-9" } },
    "ModelNotFound",
    "model: claude-9"
  ),
  row(
    "Anthropic",
    400,
    {
      type: "error",
      error: {
        type: "invalid_request_error",
        message: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade."
      }
    },
    "RateLimited",
    "credit balance is too low",
    quota
  ),
  row(
    "Anthropic",
    529,
    { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    "ServerBusy",
    "Overloaded"
  ),
  row(
    "Anthropic, in a success",
    200,
    { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    "ServerBusy",
    "Overloaded"
  ),
  row(
    "Anthropic",
    413,
    { type: "error", error: { type: "request_too_large", message: "Request exceeds the maximum size" } },
    "ContextOverflow",
    "Request exceeds the maximum size"
  ),
  row(
    "OpenRouter",
    404,
    error("No endpoints found that support image input", { code: 404 }),
    "ImagesNotSupported",
    "No endpoints found that support image input"
  ),
  row(
    "OpenRouter",
    404,
    error("No endpoints found for nousresearch/hermes-3-llama-3.1-405b:free.", { code: 404 }),
    "ModelNotFound",
    "No endpoints found for nousresearch"
  ),
  row(
    "OpenRouter",
    404,
    error("No endpoints found that support the provided 'tool_choice' value.", { code: 404 }),
    "RequestRejected",
    "the provided 'tool_choice' value"
  ),
  row("OpenRouter", 400, error("m is not a valid model ID", { code: 400 }), "ModelNotFound", "is not a valid model ID"),
  row(
    "OpenRouter",
    400,
    error("Provider returned error", {
      code: 400,
      metadata: {
        raw:
          "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.\"}}",
        provider_name: "x"
      }
    }),
    "ContextOverflow",
    "The prompt has 9000 tokens and the context 8192.",
    { tokens: [9000, 8192] }
  ),
  row(
    "OpenRouter",
    400,
    error("Provider returned error", { code: 400, metadata: { provider_name: "x" } }),
    "RequestRejected",
    "Provider returned error"
  ),
  row(
    "OpenRouter",
    402,
    error("Prompt tokens limit exceeded: 69120 > 36608. To increase, visit https://openrouter.ai/settings/credits", {
      code: 402
    }),
    "RateLimited",
    "Prompt tokens limit exceeded",
    quota
  ),
  row(
    "OpenRouter",
    401,
    error("No auth credentials found", { code: 401 }),
    "Unauthorized",
    "No auth credentials found"
  ),
  row(
    "Groq",
    413,
    error(
      "Request too large for model `llama-3.1-8b-instant` on tokens per minute (TPM): Limit 6000, Requested 12328, please reduce your message size and try again. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing",
      { type: "tokens", code: "rate_limit_exceeded" }
    ),
    "RateLimited",
    "larger than",
    rate
  ),
  row(
    "Groq",
    429,
    error(
      "Rate limit reached for model `llama-3.3-70b-versatile` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. Please try again in 4.77s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing",
      { type: "tokens", code: "rate_limit_exceeded" }
    ),
    "RateLimited",
    "Too many requests",
    rate
  ),
  row(
    "Groq",
    400,
    error("The model `llama3-8b` has been decommissioned and is no longer supported.", {
      type: "invalid_request_error",
      code: "model_decommissioned"
    }),
    "ModelNotFound",
    "no longer has the model"
  ),
  row(
    "Groq",
    400,
    error("Please reduce the length of the messages or completion.", {
      type: "invalid_request_error",
      param: "messages",
      code: "context_length_exceeded"
    }),
    "ContextOverflow",
    "Please reduce the length of the messages"
  ),
  row(
    "Groq",
    400,
    error("`reasoning_effort` is not supported with this model", { type: "invalid_request_error" }),
    "ThinkingNotSupported",
    "`reasoning_effort` is not supported"
  ),
  row(
    "Groq",
    400,
    error("Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.", {
      type: "invalid_request_error",
      code: "tool_use_failed",
      failed_generation: "what the model wrote"
    }),
    "ServerError",
    "Failed to call a function"
  ),
  row(
    "Groq",
    400,
    error(
      "max_tokens must be less than or equal to 16384, the maximum value for max_tokens is less than the context_window for this model",
      { type: "invalid_request_error" }
    ),
    "RequestRejected",
    "max_tokens must be less than or equal to 16384"
  ),
  row(
    "Mistral",
    400,
    flat("Invalid model: m", "invalid_model", "1500"),
    "ModelNotFound",
    "Invalid model: m"
  ),
  row(
    "Mistral",
    429,
    { ...flat("Rate limit exceeded", "rate_limited", "1300"), raw_status_code: 429 },
    "RateLimited",
    "Rate limit exceeded",
    rate
  ),
  row(
    "Mistral",
    429,
    flat("Service tier capacity exceeded for this model.", "service_tier_capacity_exceeded", "3505"),
    "RateLimited",
    "Service tier capacity exceeded",
    rate
  ),
  row(
    "Mistral",
    400,
    flat(
      "Prompt contains 40960 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      "invalid_request_prompt",
      "3051"
    ),
    "ContextOverflow",
    "The prompt has 40960 tokens and the context 32768.",
    { tokens: [40960, 32768] }
  ),
  row(
    "Mistral",
    422,
    {
      object: "error",
      message: {
        detail: [{
          type: "extra_forbidden",
          loc: ["body", "think"],
          msg: "Extra inputs are not permitted",
          input: "what a user wrote"
        }]
      },
      type: "invalid_request_error",
      param: null,
      code: null
    },
    "RequestRejected",
    "(422: Extra inputs are not permitted)"
  ),
  row("Mistral", 401, { message: "Unauthorized", request_id: "0" }, "Unauthorized", "Check the key"),
  row(
    "DeepSeek",
    402,
    error("Insufficient Balance", { type: "unknown_error", param: null, code: "invalid_request_error" }),
    "RateLimited",
    "Insufficient Balance",
    quota
  ),
  row(
    "DeepSeek",
    400,
    error("Model Not Exist", { type: "invalid_request_error", param: null, code: "invalid_request_error" }),
    "ModelNotFound",
    "Model Not Exist"
  ),
  row(
    "DeepSeek",
    400,
    error(
      "Failed to deserialize the JSON body into the target type: messages[1]: unknown variant `image_url`, expected `text` at line 1 column 690848",
      { type: "invalid_request_error", code: "invalid_request_error" }
    ),
    "ImagesNotSupported",
    "unknown variant `image_url`"
  ),
  row(
    "DeepSeek",
    400,
    error("Failed to deserialize the JSON body into the target type: messages[1].role: unknown variant `developer`", {
      type: "invalid_request_error",
      code: "invalid_request_error"
    }),
    "RequestRejected",
    "unknown variant `developer`"
  ),
  row(
    "Kimi",
    400,
    error("Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)", {
      type: "invalid_request_error"
    }),
    "ContextOverflow",
    "The prompt has 269030 tokens and the context 262144.",
    { tokens: [269030, 262144] }
  ),
  row(
    "Kimi",
    403,
    error(
      "Your account is not active, organization exceeded current quota, please check your plan and billing details",
      {
        type: "exceeded_current_quota_error"
      }
    ),
    "RateLimited",
    "exceeded current quota",
    quota
  ),
  row(
    "Kimi",
    429,
    error("The engine is currently overloaded, please try again later", { type: "engine_overloaded_error" }),
    "RateLimited",
    "currently overloaded",
    rate
  ),
  row(
    "Kimi",
    404,
    error("Not found the model kimi-9 or Permission denied", { type: "resource_not_found_error" }),
    "ModelNotFound",
    "Not found the model kimi-9"
  ),
  row(
    "Z.ai",
    429,
    { error: { code: "1113", message: "Insufficient balance or no resource package. Please recharge." } },
    "RateLimited",
    "Insufficient balance",
    quota
  ),
  row(
    "Z.ai",
    429,
    {
      type: "error",
      error: { type: "rate_limit_error", code: "1113", message: "[1113][Insufficient balance or no resource package.]" }
    },
    "RateLimited",
    "Insufficient balance",
    quota
  ),
  row(
    "Z.ai",
    429,
    { error: { code: "1113", message: "余额不足或无可用资源包,请充值。" } },
    "RateLimited",
    "余额不足",
    quota
  ),
  row(
    "Z.ai",
    400,
    { error: { code: "1211", message: "Unknown Model, please check the model code." } },
    "ModelNotFound",
    "Unknown Model"
  ),
  row(
    "Z.ai",
    400,
    { error: { code: "1261", message: "Prompt exceeds max length" } },
    "ContextOverflow",
    "Prompt exceeds max length"
  ),
  row(
    "MiniMax, in a success",
    200,
    { choices: null, base_resp: { status_code: 1008, status_msg: "insufficient balance" } },
    "RateLimited",
    "insufficient balance",
    quota
  ),
  row(
    "MiniMax",
    400,
    { base_resp: { status_code: 2013, status_msg: "invalid params, context window exceeds limit (2013)" } },
    "ContextOverflow",
    "context window exceeds limit"
  ),
  row(
    "MiniMax",
    400,
    { base_resp: { status_code: 2049, status_msg: "invalid api key" } },
    "Unauthorized",
    "invalid api key"
  ),
  row(
    "MiniMax",
    500,
    { type: "error", error: { type: "api_error", message: "insufficient balance (1008)" }, request_id: "0" },
    "RateLimited",
    "insufficient balance (1008)",
    quota
  ),
  row(
    "xAI",
    403,
    {
      code: "The caller does not have permission to execute the specified operation",
      error:
        "Your newly created team doesn't have any credits or licenses yet. You can purchase those on https://console.x.ai"
    },
    "RateLimited",
    "doesn't have any credits",
    quota
  ),
  row(
    "xAI",
    400,
    { code: "Client specified an invalid argument", error: "Incorrect API key provided: na***ys." },
    "Unauthorized",
    "Incorrect API key provided"
  ),
  row(
    "xAI",
    400,
    {
      code: "Client specified an invalid argument",
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens."
    },
    "ContextOverflow",
    "The prompt has 537812 tokens and the context 131072.",
    { tokens: [537812, 131072] }
  ),
  row(
    "Cerebras",
    400,
    {
      message: "Please reduce the length of the messages or completion. Current length is 42328 while limit is 40000",
      type: "invalid_request_error",
      param: "messages",
      code: "context_length_exceeded"
    },
    "ContextOverflow",
    "The prompt has 42328 tokens and the context 40000.",
    { tokens: [42328, 40000] }
  ),
  row(
    "Cerebras",
    401,
    { message: "Wrong API Key", type: "invalid_request_error", param: "api_key", code: "wrong_api_key" },
    "Unauthorized",
    "Wrong API Key"
  ),
  row(
    "GitHub Copilot",
    400,
    error("The requested model is not supported.", {
      code: "model_not_supported",
      param: "model",
      type: "invalid_request_error"
    }),
    "ModelNotFound",
    "The requested model is not supported"
  ),
  row(
    "GitHub Copilot",
    400,
    error("prompt token count of 21225 exceeds the limit of 20000", { param: "", code: "", type: "" }),
    "ContextOverflow",
    "The prompt has 21225 tokens and the context 20000.",
    { tokens: [21225, 20000] }
  ),
  row(
    "GitHub Models",
    413,
    {
      error: {
        code: "tokens_limit_reached",
        message: "Request body too large for gpt-5-mini model. Max size: 4000 tokens."
      }
    },
    "ContextOverflow",
    "Max size: 4000 tokens"
  ),
  row(
    "Hugging Face",
    400,
    error("The requested model 'x/y' is not supported by any provider you have enabled.", {
      type: "invalid_request_error",
      param: "model",
      code: "model_not_supported"
    }),
    "ModelNotFound",
    "is not supported by any provider"
  ),
  row(
    "Hugging Face",
    400,
    { error: "Model not supported by provider together" },
    "ModelNotFound",
    "Model not supported by provider"
  ),
  row(
    "Together",
    400,
    error(
      "Unable to access non-serverless model mistralai/Mistral-Small. Please visit https://api.together.ai/models",
      {
        type: "invalid_request_error",
        param: null,
        code: "model_not_available"
      }
    ),
    "ModelNotFound",
    "Unable to access non-serverless model"
  ),
  row(
    "Together",
    400,
    error("The dedicated endpoint for mistralai/Mixtral is not running.", { code: "dedicated_endpoint_not_running" }),
    "ModelNotFound",
    "The dedicated endpoint"
  ),
  row(
    "Fireworks",
    404,
    error("Model not found, inaccessible, and/or not deployed", { object: "error", code: "NOT_FOUND" }),
    "ModelNotFound",
    "Model not found, inaccessible"
  ),
  row(
    "Fireworks",
    400,
    error("The prompt is too long: 5000, model maximum context length: 4095", { code: "invalid_request_error" }),
    "ContextOverflow",
    "The prompt is too long: 5000"
  ),
  row(
    "DashScope",
    400,
    error("Access denied, please make sure your account is in good standing.", {
      type: "Arrearage",
      code: "Arrearage"
    }),
    "RateLimited",
    "in good standing",
    quota
  ),
  row(
    "DashScope",
    400,
    error("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]", {
      type: "invalid_request_error",
      code: "invalid_parameter_error"
    }),
    "ContextOverflow",
    "Range of input length should be [1, 129024]"
  ),
  row(
    "Volcengine",
    404,
    error("The model or endpoint doubao-9 does not exist or you do not have access to it. Request id: 0", {
      code: "InvalidEndpointOrModel.NotFound",
      type: "NotFound"
    }),
    "ModelNotFound",
    "The model or endpoint doubao-9 does not exist"
  ),
  row(
    "SiliconFlow",
    400,
    { code: 20012, message: "Model does not exist. Please check it carefully.", data: null },
    "ModelNotFound",
    "Model does not exist"
  ),
  row(
    "Novita",
    404,
    { code: 404, reason: "MODEL_NOT_FOUND", message: "model not found", metadata: {} },
    "ModelNotFound",
    "model not found"
  ),
  row(
    "Cloudflare",
    400,
    { success: false, errors: [{ code: 5007, message: "No such model @cf/x or task" }], messages: [], result: null },
    "ModelNotFound",
    "No such model @cf/x or task"
  ),
  row(
    "Cohere",
    400,
    {
      message:
        "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292. Try using a shorter prompt."
    },
    "ContextOverflow",
    "cannot exceed 4081"
  ),
  row(
    "Bedrock",
    400,
    { message: "Input is too long for requested model." },
    "ContextOverflow",
    "Input is too long for requested model"
  ),
  row(
    "Nvidia",
    404,
    { status: 404, title: "Not Found", detail: "Function '0': Not found for account 'x'" },
    "RequestRejected",
    "Not found for account"
  ),
  row(
    "Perplexity",
    400,
    error("Invalid model 'm'. Permitted models can be found in the documentation.", {
      type: "invalid_model",
      code: 400
    }),
    "ModelNotFound",
    "Invalid model 'm'"
  )
]
