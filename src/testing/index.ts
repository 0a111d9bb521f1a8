/**
 * The test kit: a mock Ollama for tests of your own.
 *
 * @since 0.1.0
 */
export * as MockOllama from "./MockOllama.js"
