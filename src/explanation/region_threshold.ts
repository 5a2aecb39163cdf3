/**
 * A constant of regions.ts that the command line names in its help without loading the rest.
 *
 * @module
 */

/** The default threshold of regions: half of a map's largest value. */
export const REGION_THRESHOLD = 0.5;
