/** The parts of a logger that the database uses; pino's order: fields, then the message. */
export type DatabaseLog = Record<"info" | "warn" | "error", (fields: object, message: string) => void>
