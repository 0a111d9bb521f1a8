/**
 * What servers say when they refuse: one table of their codes and texts, of Ollama and its cloud, llama.cpp, LM Studio,
 * vLLM, SGLang, TGI, LiteLLM and the hosted APIs. A code counts more than a text, since it is meant for programs, and a
 * text more than a `type`, which is often too wide.
 */
import { isOldEffort } from "./mistake.js"
import { needsMemory } from "./refusalSentences.js"
import type { Said } from "./said.js"

export type Kind =
  | "tools"
  | "thinking"
  | "images"
  | "overflow"
  | "missing"
  | "unauthorized"
  | "quota"
  | "rate"
  | "busy"
  | "cloud"
  | "forbidden"
  | "scheme"
  | "failed"

interface Words {
  readonly kind: Kind
  /** Letters and digits only. */
  readonly codes: ReadonlyArray<string>
  readonly texts: ReadonlyArray<string>
}

// A model's name, which may be a few words.
const name = "(?:\\S{1,200} ){0,4}?"
const quote = "[\\['\"`(]*"

/** The first that fits decides. */
const table: ReadonlyArray<Words> = [
  {
    kind: "tools",
    codes: ["toolsnotsupported", "toolusenotsupported", "functioncallingnotsupported"],
    texts: [
      `not support (?:\\S{1,30} )?${quote}(?:tools?\\b|function[- _]?call)`,
      "(?:tools?|tool[- _]?(?:use|calls?|calling)|function[- _]?call(?:s|ing)?)['\"`]? (?:is|are) not (?:supported|enabled)",
      "endpoints found that support tool",
      "--enable-auto-tool-choice",
      "tools param requires",
      "unsupported param: tools"
    ]
  },
  {
    kind: "thinking",
    codes: ["thinkingnotsupported"],
    texts: [
      `not support (?:\\S{1,30} )?${quote}(?:thinking|reasoning)`,
      "think value .{1,80} is not supported",
      "(?:think(?:ing)?|reasoning)(?:[ _](?:effort|budget|mode))?['\"`]? (?:is|are) not (?:supported|enabled)",
      "(?:unsupported|unrecognized|unknown) \\S{1,20}(?: argument)?(?: supplied)?: ['\"`]?(?:reasoning|thinking|enable_thinking)"
    ]
  },
  {
    kind: "images",
    codes: ["imagesnotsupported", "visionnotsupported"],
    texts: [
      "not support (?:\\S{1,30} )?(?:images?|vision|multimodal|pictures?)",
      "(?:image|vision)(?: inputs?)?s? (?:is|are) not supported",
      "required for image input",
      "endpoints found that support image",
      "is not a multimodal model",
      "at most 0 image",
      "unknown variant [`'\"]image_url",
      "image_url is only supported"
    ]
  },
  {
    kind: "overflow",
    codes: [
      "contextlengthexceeded",
      "exceedcontextsizeerror",
      "contextwindowexceeded",
      "modelcontextwindowexceeded",
      "modelmaxprompttokensexceeded",
      "tokenslimitreached",
      "requesttoolarge"
    ],
    texts: [
      "exceed(?:s|ed)? (?:\\S{1,20} ){0,4}(?:context|input) (?:length|size|window|limit)",
      "(?:longer|greater|larger) than (?:the |this |its )?(?:\\S{1,20} ){0,2}(?:context|model len)",
      "context[_ ](?:length|size|window)(?: is)?[_ ]exceed",
      "context window exceeds limit",
      "input tokens exceed",
      "maximum context length",
      "maximum prompt length",
      "exceed_context_size",
      "(?:prompt|input) (?:is )?too long",
      "prompt exceeds max length",
      "reduce the length of (?:the|your) (?:messages|prompt|input)",
      "token count (?:of )?\\(?[\\d,]+\\)? exceeds",
      "exceeded (?:the )?model token limit",
      "request body too large for .{1,200} max size: [\\d,]+ tokens",
      "`inputs` tokens \\+ `max_new_tokens` must be",
      "range of input length should be",
      "number of tokens in the prompt cannot exceed",
      "configured context size is [\\d,]+ tokens",
      "when (?:the )?context (?:the )?overflows",
      "reached context length of [\\d,]+",
      "too large to process\\. increase the physical batch size",
      "超过最大长度|上下文长度"
    ]
  },
  {
    kind: "missing",
    codes: [
      "modelnotfound",
      "modelnotsupported",
      "modelnotavailable",
      "modelnotexist",
      "modelnotopen",
      "modeldecommissioned",
      "modeldeprecated",
      "modelretired",
      "invalidmodel",
      "unknownmodel",
      "unsupportedmodel",
      "deploymentnotfound",
      "dedicatedendpointnotrunning",
      "invalidendpointormodelnotfound"
    ],
    texts: [
      `\\bmodels?\\b:? ?${name}(?:(?:was|is|are|were|has been|have been|could|does|do) )?`
      + "(?:not (?:be )?(?:found|exist)|retired|decommissioned|deprecated|discontinued)",
      "\\bmodel_not_found\\b",
      "manifest.{0,40} does not exist",
      "(?:no such|unknown|unsupported) model\\b(?! arch)",
      "invalid model(?: name passed| identifier|: )",
      "is not a valid model",
      "not found the model",
      "requested model .{0,200}not supported",
      "model not supported by",
      "not supported by any provider",
      "unable to access (?:\\S{1,30} )?model",
      "not have access to (?:the )?model",
      "no endpoints found for ",
      "no (?:healthy )?(?:deployments|channels?|available channel) .{0,20}for (?:this |the )?model",
      "no available channel for model",
      "no models? (?:is |are )?loaded",
      "api deployment for this resource does not exist",
      "requested entity was not found",
      "^model: \\S+$",
      "模型不存在"
    ]
  },
  {
    kind: "unauthorized",
    codes: [
      "invalidapikey",
      "apikeyinvalid",
      "wrongapikey",
      "incorrectapikey",
      "missingapikey",
      "invalidauthenticationerror",
      "authenticationerror",
      "autherror",
      "unauthenticated",
      "nodbconnection"
    ],
    texts: [
      "^(?:http )?(?:401:? )?unauthorized\\.?$",
      "(?:invalid|incorrect|wrong|expired|missing) (?:api|access|bearer|auth\\w*)[ _-]?(?:key|token|credentials?|header)",
      "api[ _-]?key (?:\\S{1,60} )?(?:is |was |has )?(?:not valid|not found|invalid|expired|missing|required|reported)",
      "(?:provide|pass|have|use) (?:a valid |an? )?api[ _-]?key",
      "no (?:auth credentials|api[ _-]?key)",
      "authentication (?:fails|failed|error|required)",
      "unregistered callers",
      "^bad credentials$",
      "^login fail",
      "^no connected db\\.?$"
    ]
  },
  {
    kind: "quota",
    codes: [
      "insufficientquota",
      "insufficientbalance",
      "insufficientbalanceerror",
      "insufficientcredits",
      "exceededcurrentquotaerror",
      "quotaexceeded",
      "usagelimitreached",
      "usagelimitexceeded",
      "billinghardlimitreached",
      "billingnotactive",
      "billingerror",
      "budgetexceeded",
      "paymentrequired",
      "arrearage",
      "accountoverdueerror"
    ],
    texts: [
      "insufficient (?:\\S{1,20} )?(?:balance|quota|credits?|funds)",
      "(?:credit )?balance is too low",
      "exceeded (?:your |its )?current quota",
      "quota (?:is |has been )?(?:exceeded|exhausted|used up)",
      "(?:out of|any|more|enough|not enough) credits",
      "(?:usage|spending|spend|billing hard) limit",
      "budget has been exceeded",
      "payment required",
      "account is in good standing",
      "余额不足|欠费"
    ]
  },
  {
    kind: "rate",
    codes: [
      "ratelimitexceeded",
      "ratelimitreached",
      "ratelimitreachederror",
      "ratelimiterror",
      "ratelimited",
      "toomanyrequests",
      "throttling",
      "throttlingexception"
    ],
    texts: ["(?<![a-z])rate.?limit", "too many requests", "tokens per min"]
  },
  {
    kind: "busy",
    codes: ["overloadederror", "engineoverloadederror", "overloaded", "serveroverloaded", "modeloverloaded"],
    texts: [
      "server busy",
      "\\boverloaded\\b",
      "maximum pending requests",
      "(?:over|at|exceeded) capacity",
      "capacity (?:is |has been )?exceeded",
      "^loading model$"
    ]
  },
  { kind: "cloud", codes: [], texts: ["cloud is disabled"] },
  { kind: "forbidden", codes: [], texts: ["cannot run this remote model"] },
  { kind: "scheme", codes: [], texts: ["HTTP request (?:was )?(?:sent )?to (?:an )?HTTPS (?:server|port)"] },
  {
    kind: "failed",
    codes: ["toolusefailed"],
    texts: [
      "model has crashed",
      "failed to load model",
      "model is unloaded",
      "error loading model",
      "engine(?:core| core| process)? .{0,40}(?:died|dead|encountered an issue)",
      "runner (?:process )?has (?:unexpectedly )?(?:stopped|terminated)",
      "out of memory",
      needsMemory.source
    ]
  }
]

const byCode: ReadonlyMap<string, Kind> = new Map(
  table.flatMap(({ codes, kind }) => codes.map((code) => [code, kind] as const))
)

const byText: ReadonlyArray<readonly [RegExp, Kind]> = table.map(({ kind, texts }) => [
  new RegExp(texts.join("|"), "i"),
  kind
])

/** What a refusal is about, if it says so in words that are known. */
export const kindOf = ({ codes, contextSize, promptTokens, signinUrl, text, types }: Said): Kind | undefined => {
  const coded = known(codes)
  if (coded !== undefined) return coded
  if (isOldEffort(text)) return "thinking"
  if (promptTokens !== undefined && contextSize !== undefined) return "overflow"
  if (signinUrl !== undefined) return "unauthorized"
  return byText.find(([pattern]) => pattern.test(text))?.[1] ?? known(types)
}

const known = (codes: ReadonlyArray<string>): Kind | undefined =>
  codes.map((code) => byCode.get(code)).find((kind) => kind !== undefined)

const path = new RegExp(
  [
    "^(?:http )?(?:404:? ?)?(?:page |file |resource |url |route |path |endpoint )?not found\\.?$",
    "page not found",
    "(?:unknown|invalid|unexpected|unsupported) (?:request )?(?:path|url|endpoint|route)",
    "no (?:matching )?(?:route|handler)",
    "(?:get|post):? ?/",
    // not a file of the server
    "(?:^|[\\s\"'`(:])/(?:v\\d|api|chat|openai)\\b(?!\\S{0,300}: (?:no such file|permission denied|no space left))"
  ].join("|"),
  "i"
)

/** Whether a text is about a path of the server, so that the base URL is wrong. */
export const namesPath = (text: string): boolean => path.test(text)

const quota = /quota|usage limit|upgrade|billing|insufficient|credit/i

/** Whether a text that speaks of a limit means one that waiting does not help with. */
export const saysQuota = (text: string): boolean => quota.test(text)
