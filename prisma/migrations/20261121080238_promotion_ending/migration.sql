-- Who ended a promotion, and why, so that the gate can say it.
-- AlterTable
ALTER TABLE "promotion" ADD COLUMN     "ending" JSONB;
