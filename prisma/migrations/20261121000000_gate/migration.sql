-- Approvals, ended promotions, and what a pull request changes.

-- Promotions that are there already have no approvals; the rest is what their ledger entries say.
ALTER TABLE "promotion" ADD COLUMN "approvals" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN "ended_by" TEXT,
ADD COLUMN "proposed_at" TIMESTAMPTZ(3),
ADD COLUMN "stale_approvers" TEXT[];

UPDATE "promotion" AS p SET
  "stale_approvers" = '{}',
  "ended_by" = CASE WHEN p."state" = 'aborted' THEN 'closed' END,
  "proposed_at" = coalesce(
    (SELECT (e."body"::jsonb ->> 'occurredAt')::timestamptz FROM "ledger_entry" AS e
      WHERE e."run_id" = p."id" AND e."type" = 'proposed' ORDER BY e."seq" DESC LIMIT 1),
    now());

ALTER TABLE "promotion" ALTER COLUMN "approvals" DROP DEFAULT,
ALTER COLUMN "proposed_at" SET NOT NULL;

-- CreateTable
CREATE TABLE "change" (
    "repository_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "head_sha" TEXT NOT NULL,
    "base_ref" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "read_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "change_pkey" PRIMARY KEY ("repository_id","number","head_sha","base_ref")
);

-- Pull requests heard of before: what was not kept of them is unknown until they are seen again.
UPDATE "fact" SET "data" = '{"fork": true, "body": "", "mergeable": "unknown", "autoMerge": false}'::jsonb || "data"
  WHERE "kind" = 'pull-request';

-- Check runs shown before had no annotations.
ALTER TABLE "gate_report" ADD COLUMN "shown_annotations" TEXT;
