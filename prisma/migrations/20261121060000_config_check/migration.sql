-- A commit may carry several check runs of ours; those that are there are all the gate's.
ALTER TABLE "gate_report" ADD COLUMN "check_name" TEXT NOT NULL DEFAULT 'Promotion gate';
ALTER TABLE "gate_report" DROP CONSTRAINT "gate_report_pkey";
ALTER TABLE "gate_report" ADD CONSTRAINT "gate_report_pkey" PRIMARY KEY ("repository_id", "number", "sha", "check_name");

-- Config files as heads of pull requests have them.
CREATE TABLE "proposed_config" (
    "repository_id" BIGINT NOT NULL,
    "blob" TEXT NOT NULL,
    "text" TEXT,
    "read_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "proposed_config_pkey" PRIMARY KEY ("repository_id","blob")
);
