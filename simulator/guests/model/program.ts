/** What a program of a modelled guest gives back. */
export interface ProgramResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}
