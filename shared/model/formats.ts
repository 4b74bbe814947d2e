/** What documents can be shown as. */

/** A run. */
export const RUN_FORMATS = ['json', 'csv', 'html'] as const;
/** A list of runs. */
export const LIST_FORMATS = ['json', 'csv'] as const;

export type RunFormat = (typeof RUN_FORMATS)[number];
export type ListFormat = (typeof LIST_FORMATS)[number];
