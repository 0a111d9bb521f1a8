import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { ConsoleMetricExporter, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BatchSpanProcessor, ConsoleSpanExporter } from "@opentelemetry/sdk-trace-base"
import { Effect } from "effect"
import { ChatCompletions } from "effect-ollama"

const OtelLive = NodeSdk.layer(() => ({
  resource: { serviceName: "chat" },
  // or the exporters of OTLP
  spanProcessor: new BatchSpanProcessor(new ConsoleSpanExporter()),
  metricReader: new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() })
}))

const program = ChatCompletions.create({ prompt: "Why is the sky blue?" }).pipe(Effect.provide(OtelLive))
