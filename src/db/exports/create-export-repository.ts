import type { LazyPool } from '../create-pool.ts';
import { translateErrors } from '../translate-errors.ts';
import { csvHeader } from './csv-cells.ts';
import { attemptColumns, resultColumns, runColumns } from './export-columns.ts';
import * as exports from './export-queries.ts';
import type { ExportRepository } from './export-repository.ts';
import { readExportRows } from './export-row-queries.ts';

const headers = {
  runs: csvHeader(runColumns),
  attempts: csvHeader(attemptColumns),
  results: csvHeader(resultColumns),
};

/**
 * The repository of exports over a pool.
 * Every method @throws {AppError} database_unavailable (retryable) when the database cannot be reached.
 */
export const createExportRepository = ({ pool }: { pool: LazyPool }): ExportRepository => ({
  ...translateErrors<Omit<ExportRepository, 'csvHeader'>>({
    insertExport: async (created) => exports.insertExport(await pool.connect(), created),
    findExport: async (id) => exports.findExport(await pool.connect(), id),
    openExport: async (id) => exports.openExport(await pool.connect(), id),
    listExports: async (page, now) => exports.listExports(await pool.connect(), page, now),
    readRows: async (rows, page) => readExportRows(await pool.connect(), rows, page),
    addPart: async (part) => exports.addPart(await pool.connect(), part),
    failExport: async (id, error, now) => exports.failExport(await pool.connect(), id, error, now),
    deleteExport: async (id) => exports.deleteExport(await pool.connect(), id),
    listExpiredExports: async (now, limit) => exports.listExpiredExports(await pool.connect(), now, limit),
    listStalledExports: async (since, limit) =>
      exports.listStalledExports(await pool.connect(), since, limit),
    raiseGeneration: async (id, from, now) => exports.raiseGeneration(await pool.connect(), id, from, now),
  }),
  csvHeader: (what) => headers[what],
});
