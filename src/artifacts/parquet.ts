import { parquetWriteBuffer } from 'hyparquet-writer'
import type { TrajectoryView } from '../experiment/result-view.ts'
import { type Column, trajectoryColumns } from './column.ts'

/** The trajectory as Parquet: one row per measurement, columns as `trajectoryColumns` names them. */
export function trajectoryParquet(trajectory: TrajectoryView): Uint8Array {
  return writeParquet(trajectoryColumns(trajectory))
}

/** Columns of one length as a Parquet file of nullable float64 columns; the same numbers give the same bytes. */
export function writeParquet(columns: readonly Column[]): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, values }) => ({
      name,
      data: [...values],
      type: 'DOUBLE',
      nullable: true,
    })),
    createdBy: 'jepalab',
  })
  return new Uint8Array(buffer)
}
