import { IsInt, IsPositive, IsString } from 'class-validator';

/** So many of an article. */
export class Pieces {
  @IsString()
  article!: string;

  @IsInt()
  @IsPositive()
  quantity!: number;
}
