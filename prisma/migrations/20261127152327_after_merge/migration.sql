-- AlterTable
ALTER TABLE "promotion" ADD COLUMN     "after_merge" JSONB,
ADD COLUMN     "landed_sha" TEXT;

-- CreateTable
CREATE TABLE "known_good" (
    "repository_id" BIGINT NOT NULL,
    "branch" TEXT NOT NULL,
    "sha" TEXT NOT NULL,
    "tag" TEXT NOT NULL,
    "run_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "known_good_pkey" PRIMARY KEY ("repository_id","branch")
);

-- CreateTable
CREATE TABLE "rollback" (
    "id" UUID NOT NULL,
    "repository_id" BIGINT NOT NULL,
    "branch" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "culprit" UUID NOT NULL,
    "data" JSONB NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rollback_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "health_input" (
    "run_id" UUID NOT NULL,
    "repository_id" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "health_input_pkey" PRIMARY KEY ("run_id")
);

-- CreateIndex
CREATE INDEX "health_input_at_idx" ON "health_input"("at");

-- CreateTable
CREATE TABLE "deployment_rule" (
    "repository_id" BIGINT NOT NULL,
    "workflow_run" BIGINT NOT NULL,
    "environment" TEXT NOT NULL,
    "sha" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "reports" INTEGER NOT NULL DEFAULT 0,
    "words" TEXT,
    "decision" JSONB,
    "told_at" TIMESTAMPTZ(3),

    CONSTRAINT "deployment_rule_pkey" PRIMARY KEY ("repository_id","workflow_run","environment")
);

-- CreateTable
CREATE TABLE "asked_evidence" (
    "id" BIGSERIAL NOT NULL,
    "repository_id" BIGINT NOT NULL,
    "branch" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "ok" BOOLEAN,
    "status" INTEGER,
    "value" DOUBLE PRECISION,
    "why" TEXT,

    CONSTRAINT "asked_evidence_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "asked_evidence_repository_id_branch_at_idx" ON "asked_evidence"("repository_id", "branch", "at");

-- CreateIndex
CREATE INDEX "asked_evidence_at_idx" ON "asked_evidence"("at");

-- CreateTable
CREATE TABLE "check_rerun" (
    "repository_id" BIGINT NOT NULL,
    "check_run_id" BIGINT NOT NULL,
    "sha" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "app" TEXT,
    "failed_at" TIMESTAMPTZ(3) NOT NULL,
    "refused" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "check_rerun_pkey" PRIMARY KEY ("repository_id","check_run_id")
);

-- CreateIndex
CREATE INDEX "check_rerun_repository_id_sha_idx" ON "check_rerun"("repository_id", "sha");

-- CreateTable
CREATE TABLE "lane" (
    "repository_id" BIGINT NOT NULL,
    "branch" TEXT NOT NULL,
    "followed_sha" TEXT,
    "heard" INTEGER NOT NULL DEFAULT 1,
    "seen" INTEGER NOT NULL DEFAULT 0,
    "seen_at" TIMESTAMPTZ(3),

    CONSTRAINT "lane_pkey" PRIMARY KEY ("repository_id","branch")
);

-- CreateIndex
CREATE INDEX "rollback_repository_id_branch_idx" ON "rollback"("repository_id", "branch");

-- CreateIndex
CREATE INDEX "promotion_repository_id_landed_sha_idx" ON "promotion"("repository_id", "landed_sha");

-- CreateIndex
CREATE INDEX "promotion_repository_id_state_idx" ON "promotion"("repository_id", "state");

-- What was pushed past all pull requests has none, and may be several at once.
DROP INDEX "promotion_open_key";
CREATE UNIQUE INDEX "promotion_open_key" ON "promotion"("repository_id", "number") WHERE "ended_at" IS NULL AND "number" > 0;
