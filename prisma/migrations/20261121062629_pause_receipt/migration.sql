-- What a pause set out to shut, until somebody was told; and why GitHub did not take a gate.
-- AlterTable
ALTER TABLE "gate_report" ADD COLUMN     "problem" TEXT;

-- CreateTable
CREATE TABLE "pause_receipt" (
    "repository_id" BIGINT NOT NULL,
    "pause" TEXT NOT NULL,
    "pause_id" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "branch" TEXT,
    "number" INTEGER,
    "thread" INTEGER NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "gates" JSONB NOT NULL,
    "lifted" JSONB,
    "content" JSONB,
    "told_at" TIMESTAMPTZ(3),

    CONSTRAINT "pause_receipt_pkey" PRIMARY KEY ("repository_id","pause")
);
