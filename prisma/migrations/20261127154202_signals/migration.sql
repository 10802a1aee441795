-- What running systems report of themselves, and by which key they sign it.
-- CreateTable
CREATE TABLE "signal_key" (
    "repository_id" BIGINT NOT NULL,
    "version" INTEGER NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL,
    "previous_until" TIMESTAMPTZ(3),
    "minute" INTEGER NOT NULL DEFAULT 0,
    "minute_signals" INTEGER NOT NULL DEFAULT 0,
    "day" INTEGER NOT NULL DEFAULT 0,
    "day_signals" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "signal_key_pkey" PRIMARY KEY ("repository_id")
);

-- CreateTable
CREATE TABLE "signal_message" (
    "repository_id" BIGINT NOT NULL,
    "message_id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signal_message_pkey" PRIMARY KEY ("repository_id","message_id")
);

-- CreateTable
CREATE TABLE "signal" (
    "id" BIGSERIAL NOT NULL,
    "repository_id" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "branch" TEXT,
    "environment" TEXT,
    "sha" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "errors" BIGINT,
    "requests" BIGINT,
    "source" TEXT,
    "severity" TEXT,
    "message" TEXT,

    CONSTRAINT "signal_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "signal_message_received_at_idx" ON "signal_message"("received_at");

-- CreateIndex
CREATE INDEX "signal_repository_id_at_idx" ON "signal"("repository_id", "at");

-- CreateIndex
CREATE INDEX "signal_at_idx" ON "signal"("at");
