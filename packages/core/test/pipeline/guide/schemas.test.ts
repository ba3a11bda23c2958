import 'reflect-metadata';
import { Endpoint, Service } from '@natsmith/core';
import { IsInt, IsString } from 'class-validator';
import { onEachServer } from '#test/matrix';
import { Stage } from '#test/stage';

// #region service
class Book {
  @IsString() title!: string;
  @IsInt() pages!: number;
}

@Service({ name: 'books', version: '1.0.0' })
class Books {
  @Endpoint({ response: [Book] }) // a promise hides its type, so `response` says it
  async list(_author: string): Promise<Book[]> {
    return [{ title: 'Emma', pages: 474 }];
  }

  @Endpoint() // a class as the return type is known
  longest(): Book {
    return { title: 'Emma', pages: 474 };
  }
}
// #endregion

onEachServer((server) => {
  it('the schemas of the guide are in INFO', async () => {
    await using stage = await Stage.start(server, Books);
    const [list, longest] = stage.host.services[0]!.info().endpoints.map(({ metadata }) => metadata);
    expect(JSON.parse(list!.request_schema!)).toMatchObject({ type: 'string' });
    expect(JSON.parse(list!.response_schema!)).toMatchObject({
      type: 'array',
      items: { required: ['title', 'pages'] },
    });
    expect(JSON.parse(longest!.response_schema!)).toMatchObject({ type: 'object' });
  });
});
