-- What GitHub took of a gate and when, so that a read can tell whether it still shows that. Null for what was shown
-- before: such gates are not held against it until they are written again.
ALTER TABLE "gate_report" ADD COLUMN "shown_state" TEXT;
ALTER TABLE "gate_report" ADD COLUMN "shown_at" TIMESTAMPTZ(3);
