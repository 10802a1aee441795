-- The ruleset that refuses updates of paused branches: what was made, and what GitHub refused.
-- CreateTable
CREATE TABLE "hard_stop" (
    "repository_id" BIGINT NOT NULL,
    "ruleset_id" BIGINT,
    "refs" TEXT[],
    "problem" TEXT,
    "tried_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "hard_stop_pkey" PRIMARY KEY ("repository_id")
);
