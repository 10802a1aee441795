-- Merges by the app: who asked, what was tried, and the right to merge that keeps a pause waiting.
-- AlterTable
ALTER TABLE "promotion" ADD COLUMN     "asked" JSONB;

-- CreateTable
CREATE TABLE "merge_attempt" (
    "repository_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "head_sha" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "status" INTEGER,
    "message" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "merge_attempt_pkey" PRIMARY KEY ("repository_id","number","head_sha")
);

-- CreateTable
CREATE TABLE "merge_lease" (
    "repository_id" BIGINT NOT NULL,
    "token" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "waiting" TEXT[],

    CONSTRAINT "merge_lease_pkey" PRIMARY KEY ("repository_id")
);
