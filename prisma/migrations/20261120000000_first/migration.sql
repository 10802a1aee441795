CREATE TABLE "delivery" (
    "id" BIGSERIAL NOT NULL,
    "app_id" BIGINT NOT NULL,
    "guid" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "payload" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "drained_at" TIMESTAMPTZ(3),
    "outcome" TEXT,
    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "delivery_app_id_guid_key" ON "delivery"("app_id", "guid");
CREATE INDEX "delivery_drained_at_id_idx" ON "delivery"("drained_at", "id");

CREATE TABLE "repository" (
    "id" BIGINT NOT NULL,
    "installation_id" BIGINT NOT NULL,
    "owner" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "default_branch" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "config_text" TEXT,
    "config_blob" TEXT,
    "config_problems" JSONB,
    "config_read_at" TIMESTAMPTZ(3),
    "config_heard" INTEGER NOT NULL DEFAULT 0,
    "config_seen" INTEGER NOT NULL DEFAULT -1,
    CONSTRAINT "repository_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "repository_installation_id_idx" ON "repository"("installation_id");

CREATE TABLE "fact" (
    "repository_id" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "sha" TEXT,
    "number" INTEGER,
    "version" BIGINT NOT NULL,
    "data" JSONB NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "fact_pkey" PRIMARY KEY ("repository_id", "kind", "key")
);
CREATE INDEX "fact_repository_id_sha_idx" ON "fact"("repository_id", "sha");
CREATE INDEX "fact_repository_id_number_idx" ON "fact"("repository_id", "number");

CREATE TABLE "ask" (
    "repository_id" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "data" JSONB NOT NULL,
    "answer" JSONB,
    "settled_at" TIMESTAMPTZ(3),
    CONSTRAINT "ask_pkey" PRIMARY KEY ("repository_id", "key")
);
CREATE INDEX "ask_repository_id_number_idx" ON "ask"("repository_id", "number");

CREATE TABLE "promotion" (
    "id" UUID NOT NULL,
    "repository_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "head_sha" TEXT NOT NULL,
    "base_ref" TEXT NOT NULL,
    "stages" JSONB NOT NULL,
    "block_reasons" TEXT[],
    "version" INTEGER NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    CONSTRAINT "promotion_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "promotion_repository_id_number_idx" ON "promotion"("repository_id", "number");
-- One pull request has at most one promotion under way. (Prisma's schema cannot express a partial index.)
CREATE UNIQUE INDEX "promotion_open_key" ON "promotion"("repository_id", "number") WHERE "ended_at" IS NULL;

CREATE TABLE "pause" (
    "id" TEXT NOT NULL,
    "repository_id" BIGINT NOT NULL,
    "scope" TEXT NOT NULL,
    "number" INTEGER,
    "reason" TEXT,
    "source" TEXT NOT NULL,
    "actor" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "pause_pkey" PRIMARY KEY ("repository_id", "id")
);

CREATE TABLE "gate_report" (
    "repository_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "sha" TEXT NOT NULL,
    "run_id" UUID NOT NULL,
    "check_run_id" BIGINT,
    "intended_digest" TEXT NOT NULL,
    "shown_digest" TEXT,
    "shown_verdict" TEXT,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "gate_report_pkey" PRIMARY KEY ("repository_id", "number", "sha")
);

CREATE TABLE "look_again" (
    "subject" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "look_again_pkey" PRIMARY KEY ("subject")
);
CREATE INDEX "look_again_due_at_idx" ON "look_again"("due_at");

CREATE TABLE "ledger_chain" (
    "repository_id" BIGINT NOT NULL,
    "size" BIGINT NOT NULL,
    "head_hash" TEXT NOT NULL,
    CONSTRAINT "ledger_chain_pkey" PRIMARY KEY ("repository_id")
);

CREATE TABLE "ledger_entry" (
    "repository_id" BIGINT NOT NULL,
    "seq" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "run_id" UUID,
    "body" TEXT NOT NULL,
    "prev_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    CONSTRAINT "ledger_entry_pkey" PRIMARY KEY ("repository_id", "seq")
);
CREATE UNIQUE INDEX "ledger_entry_repository_id_key_key" ON "ledger_entry"("repository_id", "key");
CREATE INDEX "ledger_entry_run_id_idx" ON "ledger_entry"("run_id");
