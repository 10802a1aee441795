-- What the newest evaluation of a head said, so that the next one is written when it says something else.
-- AlterTable
ALTER TABLE "promotion" ADD COLUMN     "evaluated" TEXT;
