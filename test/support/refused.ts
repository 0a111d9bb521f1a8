/**
 * Where nobody listens, and nobody ever does: a port that was free a moment ago may by now be one of another test. fetch
 * itself refuses some of those below 1024, not this one.
 */
export const refusedPort = 2

export const refusedUrl = `http://127.0.0.1:${refusedPort}`
