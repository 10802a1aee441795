-- A config may take its defaults from the organisation's: that text is kept beside the repository's own.
ALTER TABLE "repository" ADD COLUMN "config_base_text" TEXT;
ALTER TABLE "repository" ADD COLUMN "config_base_blob" TEXT;
ALTER TABLE "repository" ADD COLUMN "config_extends" BOOLEAN NOT NULL DEFAULT false;
